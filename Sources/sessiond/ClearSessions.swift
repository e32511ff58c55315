import ArgumentParser
import DatabaseSessions
import Glibc
import Sessions

struct ClearSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clearsessions",
        abstract: "Removes expired sessions, in batches that disturb nobody; for a cron job or a timer.",
        discussion: "Prints nothing, as Django's does, unless standard error is a terminal: that shows the progress.")

    @Option(help: "How many rows one transaction deletes.")
    var batch = 10_000

    func validate() throws {
        guard (1...1_000_000).contains(batch) else { throw ValidationError("--batch: use a number from 1 to 1000000") }
    }

    func run() throws {
        let settings = try Settings.load()
        try runOnLoop { [batch] in
            let expired = ExpiredSessions(client: try commandClient(settings))
            let now = SessionEngine.systemTime()
            let showsProgress = isatty(STDERR_FILENO) == 1
            let total = showsProgress ? try await expired.count(now: now) : 0
            let deleted = try await expired.clear(now: now, batch: batch) { deleted in
                if showsProgress { showProgress("\r\(deleted) of \(total) expired sessions removed") }
            }
            if showsProgress { showProgress("\r\(deleted) expired sessions removed\u{1B}[K\n") }
        }
    }
}

private func showProgress(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
