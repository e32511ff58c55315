import DjangoFormat
@preconcurrency import Glibc  // for `environ`, which C has no better way to pass on

/// A Python that answers requests, each a line of JSON on its standard input, on its standard output.
///
/// It is asked and waited for in turn: nothing else happens in this command meanwhile.
final class PythonProcess {
    private let pid: pid_t
    private let input: Int32
    private let output: Int32
    private var received: [UInt8] = []
    /// How long an answer may take: a project's settings may import much.
    private let patience: Int32 = 60_000

    /// - Parameters:
    ///   - program: a path, or a name to be looked for in `PATH`.
    ///   - script: what it runs.
    /// - Throws: ``Failure``.
    init(_ program: String, script: String) throws {
        let (toChild, fromChild) = (try Self.pipe(), try Self.pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild.read, 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild.write, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var words: [UnsafeMutablePointer<CChar>?] = []
        for word in [program, "-c", script] { words.append(strdup(word)) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, program, &actions, nil, &words, environ)
        close(toChild.read)
        close(fromChild.write)
        (pid, input, output) = (child, toChild.write, fromChild.read)
        guard failure == 0 else {
            throw Failure("--python: '\(program)' cannot be run: \(String(cString: strerror(failure)))")
        }
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else {
            throw Failure("no pipe could be made: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Ends it and waits for that.
    func end() {
        close(input)
        close(output)
        kill(pid, SIGTERM)
        waitpid(pid, nil, 0)
    }

    /// - Throws: ``Failure`` with what went wrong there, and where it gave no answer.
    func ask(_ request: JSONObject) throws -> JSONObject {
        var line: [UInt8] = []
        try JSON.encode(request, into: &line)
        line.append(UInt8(ascii: "\n"))
        try send(line)
        guard case .object(let answer)? = try? JSON.decode(try receiveLine()) else {
            throw Failure("Python gave no answer that can be understood")
        }
        if let error = answer["error"]?.string { throw Failure(error) }
        return answer
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(input, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Failure("Python has ended") }
            rest = rest.dropFirst(written)
        }
    }

    private func receiveLine() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return Array(received[..<end])
            }
            var watched = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&watched, 1, patience) != 0 else {
                throw Failure("Python gave no answer in \(patience / 1000) s")
            }
            let count = read(output, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Failure("Python has ended; is Django installed there?") }
            received += chunk[..<count]
        }
    }
}
