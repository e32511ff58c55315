import ArgumentParser
import DatabaseSessions
import EventLoop
import Glibc
import PostgreSQL
import Sessions

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whether the settings are valid, the key is set, the database is reachable and migrated.",
        discussion: "One line for each; the exit status is 1 where one is not ok.")

    private static let clock = Statement("SELECT clock_timestamp()")

    func run() throws {
        var isFine = true
        func report(_ subject: String, _ problem: String?) {
            print(problem.map { "\(subject): \($0)" } ?? "\(subject): ok")
            if problem != nil { isFine = false }
        }

        let settings: Settings
        do {
            settings = try Settings.load()
            report("settings", nil)
        } catch {
            report("settings", "\(error)")
            throw ExitCode.failure
        }
        report("templates", problem { _ = try Site(settings) })
        report("secret key", problem { try settings.requireSecretKey() })
        if settings.isSecretKeyWeak {
            print("secret key: warning: shorter than 50 characters, of few different ones, or made for development")
        }
        nonisolated(unsafe) var database: [(String, String?)] = []
        EventLoop.run { database = await Check.database(settings) }
        for (subject, problem) in database { report(subject, problem) }
        if !isFine { throw ExitCode.failure }
    }

    private func problem(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @EventLoop
    private static func database(_ settings: Settings) async -> [(String, String?)] {
        do {
            let client = try commandClient(settings)
            let before = SessionEngine.systemTime()
            let deadline = ContinuousClock.now + .seconds(settings.databaseTimeout)
            let theirs = try await client.execute(clock, deadline: deadline).integer(0, 0).map(PostgresTime.unixTime)
            let skew = abs((theirs ?? before) - (before + SessionEngine.systemTime()) / 2) / 1_000_000
            let pending = try await Migrator(client: client).pending()
            return [
                ("database", nil),
                ("clock", skew <= 1 ? nil : "it differs from the database's by \(skew) seconds; synchronise both"),
                (
                    "migrations",
                    pending.isEmpty ? nil : "\(pending.count) not applied; run sessiond migrate"
                ),
            ]
        } catch {
            return [("database", "it cannot be used: \(error)")]
        }
    }
}
