import EventLoop
import Glibc

/// A program that a test runs, and talks to in lines; it is killed when the test lets go of it, or ends.
public final class TestProcess {
    public let pid: pid_t
    private let input: Int32
    private let output: UnsafeMutablePointer<FILE>
    private var isOver = false

    /// - Parameter environment: what it has beside our own environment.
    public init(_ command: [String], environment: [String] = []) throws {
        var (toChild, fromChild): ([Int32], [Int32]) = ([0, 0], [0, 0])
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw SpawnError(call: "pipe") }
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        // setpriv sees to it that it does not outlive this process.
        let words = (["setpriv", "--pdeathsig", "KILL", "--"] + command).map { strdup($0) } + [nil]
        var own: [UnsafeMutablePointer<CChar>?] = []
        var entry = environ
        while let text = entry.pointee {
            own.append(strdup(text))
            entry += 1
        }
        let variables = own + environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        guard posix_spawnp(&pid, "setpriv", &actions, nil, words, variables) == 0 else {
            throw SpawnError(call: "posix_spawnp")
        }
        close(toChild[0])
        close(fromChild[1])
        guard let output = fdopen(fromChild[0], "r") else { throw SpawnError(call: "fdopen") }
        (self.pid, input, self.output) = (pid, toChild[1], output)
    }

    deinit {
        end()
        close(input)
        fclose(output)
    }

    /// Kills it and waits until it is gone.
    public func end() {
        guard !isOver else { return }
        isOver = true
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    public func signal(_ signal: Int32) { kill(pid, signal) }

    public func write(line: [UInt8]) {
        var rest = (line + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// The program's next line, which it writes once it was spoken to, without its end; nil where it has closed its output.
    @EventLoop
    public func readLine() async throws -> [UInt8]? {
        guard try await EventLoop.wait(for: .readable, on: fileno(output), until: .now + .seconds(60)) else {
            return nil
        }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        let length = getline(&line, &capacity, output)
        guard length > 0, let line else { return nil }
        return Array(UnsafeRawBufferPointer(start: line, count: length - 1))
    }

    struct SpawnError: Error {
        let call: String
    }
}
