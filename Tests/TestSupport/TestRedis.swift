import CLinux
import EventLoop
import Glibc

/// A Redis of its own for a test, on a Unix socket in a private directory, without persistence.
///
/// Tests run all at once, but so many servers would keep the machine from the tests: the others wait their turn here.
@EventLoop
public final class TestRedis {
    public let socket: String
    private let directory: TemporaryDirectory
    private let configuration: [String]
    private var server: TestProcess?

    private static let turns = Turns(8)

    /// - Parameter configuration: more arguments, such as `--requirepass`.
    public init(_ configuration: [String] = []) async throws {
        await Self.turns.take()
        directory = try TemporaryDirectory()
        socket = directory.path + "/redis.sock"
        self.configuration = configuration
        try await start()
    }

    isolated deinit {
        server?.end()
        directory.remove()
        Self.turns.pass()
    }

    /// The address, as Django's `LOCATION`.
    public func url(database: Int = 0) -> String { "unix://\(socket)?db=\(database)" }

    /// Starts it, again and empty after ``stop()``; returns when it listens.
    public func start() async throws {
        server = try TestProcess(
            [
                "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir",
                directory.path, "--loglevel", "warning",
            ] + configuration)
        for _ in 0..<500 {
            if isListening { return }
            await EventLoop.sleep(for: .milliseconds(10))
        }
        throw SystemError("connect")
    }

    public func stop() {
        server?.end()
        server = nil
    }

    /// It keeps what it has, but answers no more, as behind a network that is cut.
    public func freeze() { server?.signal(SIGSTOP) }

    public func thaw() { server?.signal(SIGCONT) }

    private var isListening: Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8.prefix($0.count - 1)) }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
