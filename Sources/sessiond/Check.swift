import Accounts
import ArgumentParser
import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Glibc
import PostgreSQL
import Sessions
import Web

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says whether the settings are valid, the key is set, the database is reachable and migrated.",
        discussion: """
            One line for each; the exit status is 1 where one is not ok. With --deploy it then prints what Django's \
            check --deploy prints about sessions and CSRF, and some checks of its own; SILENCED_SYSTEM_CHECKS hides those \
            that it names.
            """)

    /// The names that Django's command has.
    enum FailLevel: String, CaseIterable, ExpressibleByArgument {
        case critical = "CRITICAL"
        case error = "ERROR"
        case warning = "WARNING"
        case info = "INFO"
        case debug = "DEBUG"

        var level: CheckMessage.Level {
            switch self {
            case .critical: .critical
            case .error: .error
            case .warning: .warning
            case .info: .info
            case .debug: .debug
            }
        }
    }

    @Flag(help: "Check deployment settings.")
    var deploy = false

    @Option(help: "Message level that will cause the command to exit with a non-zero status.")
    var failLevel = FailLevel.error

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
        nonisolated(unsafe) var engine: [(String, String?)] = []
        EventLoop.run { engine = await Check.engine(settings) }
        for (subject, problem) in engine { report(subject, problem) }
        if deploy {
            let checks = deploymentReport(settings)
            let fails = checks.fails(at: failLevel.level)
            let text = (fails ? "SystemCheckError: " : "") + "\(checks)\n"
            if checks.isEmpty { print(text, terminator: "") } else { writeToStandardError(text) }
            if fails { isFine = false }
        }
        if !isFine { throw ExitCode.failure }
    }

    private func deploymentReport(_ settings: Settings) -> CheckReport {
        var parts = CheckedParts()
        parts.sessionTable = settings.engine.hasTable
        let messages = securityChecks(settings.session, settings.csrf, parts)
        return CheckReport(
            messages + cookieChecks(settings.session, settings.csrf) + settings.accountChecks,
            silenced: settings.silencedChecks)
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
    private static func engine(_ settings: Settings) async -> [(String, String?)] {
        do {
            try Engine(settings, logger: quietLogger).close()
        } catch {
            return [("engine", "\(error)")]
        }
        var found: [(String, String?)] = [("engine", nil)]
        let needed = settings.neededMigrations
        if !needed.isEmpty { found += await database(settings, needed) }
        if settings.authentication == .django { found.append(("accounts", await problemOfAccounts(settings))) }
        if let cache = settings.cache { found.append(("cache", await problem(of: cache, settings))) }
        return found
    }

    @EventLoop
    private static func problemOfAccounts(_ settings: Settings) async -> String? {
        do {
            let client = try commandClient(settings)
            defer { client.close() }
            let missing = try await AccountTables.missing(in: client)
            guard !missing.isEmpty else { return nil }
            return
                "the database has no \(missing.joined(separator: ", ")); run manage.py migrate in the Django project, "
                + "or set AUTHENTICATION=any for a demonstration"
        } catch {
            return "they cannot be read: \(error)"
        }
    }

    @EventLoop
    private static func problem(of cache: CacheSettings, _ settings: Settings) async -> String? {
        let store = CacheStore(cache, limit: .seconds(settings.databaseTimeout), logger: quietLogger)
        defer { store.close() }
        do {
            _ = try await store.exists(SessionKey.generate())
            return nil
        } catch {
            return "it cannot be used: \(error)"
        }
    }

    @EventLoop
    private static func database(_ settings: Settings, _ needed: [Migration]) async -> [(String, String?)] {
        do {
            let client = try commandClient(settings)
            let before = SessionEngine.systemTime()
            let deadline = ContinuousClock.now + .seconds(settings.databaseTimeout)
            let theirs = try await client.execute(clock, deadline: deadline).integer(0, 0).map(PostgresTime.unixTime)
            let skew = abs((theirs ?? before) - (before + SessionEngine.systemTime()) / 2) / 1_000_000
            let migrator = Migrator(client: client)
            let pending = try await migrator.pending(of: needed)
            let list = try await migrator.sessionListState()
            return [
                ("database", nil),
                ("clock", skew <= 1 ? nil : "it differs from the database's by \(skew) seconds; synchronise both"),
                (
                    "migrations",
                    pending.isEmpty ? nil : "\(pending.count) not applied; run sessiond migrate"
                ),
            ] + (list == .absent ? [] : [("session list", list.problem)])
        } catch {
            return [("database", "it cannot be used: \(error)")]
        }
    }
}
