import DjangoFormat
import EventLoop
import Glibc
import Logging

/// Runs the scripts of `Tests/Parity/run` on our engines: an order a line on standard input, an answer a line on standard
/// output, both JSON in ASCII. Values of sessions and results are pickles in hexadecimal digits, because JSON lacks some.
///
///     ParityDriver DATABASE_URL REDIS_URL DIRECTORY
@main
struct ParityDriver {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            fail("usage: ParityDriver DATABASE_URL REDIS_URL DIRECTORY")
        }
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        EventLoop.run {
            do {
                let engines = try Engines(database: arguments[1], redis: arguments[2], directory: arguments[3])
                try await serve(Interpreter(engines))
            } catch {
                fail("ParityDriver: \(error)")
            }
        }
    }

    @EventLoop
    private static func serve(_ interpreter: Interpreter) async throws {
        // Nothing else goes on between two orders: the thread may block.
        while let line = readLine() {
            guard let order = try JSON.decode(Array(line.utf8)).object else { throw BadOrder("it is no object") }
            let answer = try JSON.encode(.object(try await interpreter.answer(to: order)))
            print(String(decoding: answer, as: UTF8.self))
            fflush(nil)
        }
    }
}

private func fail(_ message: String) -> Never {
    let line = Array((message + "\n").utf8)
    write(STDERR_FILENO, line, line.count)
    exit(1)
}

/// The script asks for what this program does not know.
struct BadOrder: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
