import ArgumentParser
import DatabaseSessions
import EventLoop
import Glibc
import Sessions

struct ClearSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clearsessions",
        abstract: "Removes expired sessions, in batches that disturb nobody; for a cron job or a timer.",
        discussion: """
            Prints nothing, as Django's does, unless standard error is a terminal: that shows the progress. Under \
            SESSION_DJANGO_COMPATIBLE it is one statement, as Django's is.
            """)

    @Option(help: "How many sessions are deleted at a time.")
    var batch = 10_000

    @Option(help: "Seconds after which no further batch is begun; the rest is left for the next run.")
    var timeLimit: Int?

    @Flag(help: "Say how many there are, and delete none.")
    var dryRun = false

    func validate() throws {
        guard (1...1_000_000).contains(batch) else { throw ValidationError("--batch: use a number from 1 to 1000000") }
        guard timeLimit.map({ (1...604_800).contains($0) }) ?? true else {
            throw ValidationError("--time-limit: use seconds from 1 to 604800")
        }
    }

    func run() throws {
        let settings = try Settings.load()
        // Whatever has its time limit in the cache or in the cookie itself: Django's clear_expired does nothing either.
        guard settings.engine.hasTable else { return }
        try runOnLoop { [self] in
            let expired = ExpiredSessions(client: try commandClient(settings))
            let now = SessionEngine.systemTime()
            if dryRun { return print("\(try await expired.count(now: now)) expired sessions would be removed") }
            try await clear(expired, now: now, atOnce: settings.session.djangoCompatible)
        }
    }

    @EventLoop
    private func clear(_ expired: ExpiredSessions, now: Int64, atOnce: Bool) async throws {
        let showsProgress = isatty(STDERR_FILENO) == 1
        let total = showsProgress ? try await expired.count(now: now) : 0
        let end = timeLimit.map { ContinuousClock.now + .seconds($0) }
        let deleted =
            if atOnce {
                try await expired.clearAtOnce(now: now)
            } else {
                try await expired.clear(now: now, batch: batch, until: end) { deleted in
                    if showsProgress { writeToStandardError("\r\(deleted) of \(total) expired sessions removed") }
                }
            }
        if showsProgress { writeToStandardError("\r\(deleted) expired sessions removed\u{1B}[K\n") }
    }
}
