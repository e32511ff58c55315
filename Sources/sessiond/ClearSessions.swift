import Accounts
import ArgumentParser
import DatabaseSessions
import DjangoFormat
import EventLoop
import Glibc
import PostgreSQL
import Sessions

struct ClearSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clearsessions",
        abstract: "Removes expired sessions, in batches that disturb nobody; for a cron job or a timer.",
        discussion: """
            Prints nothing, as Django's does, unless standard error is a terminal: that shows the progress. Sessions in \
            a cache or in the cookie itself need no clearing. Under SESSION_DJANGO_COMPATIBLE the database clears them \
            in one statement, as Django's does. What counted attempts to log in long ago goes too.
            """)

    @Option(help: "How many sessions are deleted at a time.")
    var batch = 10_000

    @Option(help: "How long to rest after each batch, as a multiple of its time; 0 clears as fast as the disk can.")
    var rest = 1.5

    @Option(help: "Seconds after which no further batch is begun; the rest is left for the next run.")
    var timeLimit: Int?

    @Flag(help: "Say how many there are, and delete none.")
    var dryRun = false

    func validate() throws {
        guard (1...1_000_000).contains(batch) else { throw ValidationError("--batch: use a number from 1 to 1000000") }
        guard (0...100).contains(rest) else { throw ValidationError("--rest: use a number from 0 to 100") }
        guard timeLimit.map({ (1...604_800).contains($0) }) ?? true else {
            throw ValidationError("--time-limit: use seconds from 1 to 604800")
        }
    }

    func run() throws {
        let settings = try Settings.load()
        let end = timeLimit.map { ContinuousClock.now + .seconds($0) }
        let pace = Pace(rest: rest, until: end)
        switch settings.engine {
        case .db, .cachedDB: try runOnLoop { [self] in try await clearTable(settings, pace) }
        case .file: try clearFiles(settings, until: end)
        // Django's clear_expired of these does nothing either.
        case .cache, .signedCookies: if dryRun { say(0) }
        }
        if settings.authentication == .django, !dryRun {
            try runOnLoop { [batch] in
                _ = try await LoginLimits.clear(
                    try commandClient(settings), now: SessionEngine.systemTime(), inBatchesOf: batch, pace: pace)
            }
        }
    }

    @EventLoop
    private func clearTable(_ settings: Settings, _ pace: Pace) async throws {
        let expired = ExpiredSessions(client: try commandClient(settings))
        let now = SessionEngine.systemTime()
        if dryRun { return say(try await expired.count(now: now)) }
        let progress = Progress(total: Progress.isShown ? try await expired.count(now: now) : 0)
        let deleted =
            if settings.session.djangoCompatible {
                try await expired.clearAtOnce(now: now)
            } else {
                try await expired.clear(now: now, inBatchesOf: batch, pace: pace) {
                    progress.show($0)
                    return true
                }
            }
        progress.finish(deleted)
    }

    private func clearFiles(_ settings: Settings, until end: ContinuousClock.Instant?) throws {
        settings.applyTimeZone()
        let codec = SessionCodec(
            signer: TimestampSigner(
                secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks, salt: settings.salt))
        try settings.requireSecretKey()
        let files = try settings.fileStore(codec)
        let now = SessionEngine.systemTime()
        let progress = Progress(total: nil)
        let count = try files.clearExpired(now: now, dryRun: dryRun) { deleted in
            guard deleted % batch == 0 else { return true }
            if !dryRun { progress.show(deleted) }
            return end.map { ContinuousClock.now < $0 } ?? true
        }
        if dryRun { say(count) } else { progress.finish(count) }
    }

    private func say(_ count: Int) { print("\(count) expired sessions would be removed") }
}

/// What a terminal shows meanwhile.
private struct Progress {
    static let isShown = isatty(STDERR_FILENO) == 1

    /// How many there are to delete, where that is known.
    let total: Int?

    func show(_ deleted: Int) {
        guard Self.isShown else { return }
        writeToStandardError("\r\(deleted)\(total.map { " of \($0)" } ?? "") expired sessions removed")
    }

    func finish(_ deleted: Int) {
        if Self.isShown { writeToStandardError("\r\(deleted) expired sessions removed\u{1B}[K\n") }
    }
}
