import Accounts
import DatabaseSessions
import DjangoFormat
import EventLoop
import PostgreSQL
import Sessions

/// Whether this worker can serve what needs a session: its store can be reached, and its tables are there.
@EventLoop
final class Readiness {
    private let settings: Settings
    private let sessions: SessionEngine
    private let limit: Duration
    /// Tables do not go away again, so they are looked for until they are there.
    private var isMigrated = false
    private var isLooking = false
    private var waiting: [Place<String?, Never>] = []

    init(_ settings: Settings, _ sessions: SessionEngine) {
        (self.settings, self.sessions) = (settings, sessions)
        limit = .seconds(settings.databaseTimeout)
    }

    /// What is to be done before it is ready, nil where it is. The answer comes within `DATABASE_TIMEOUT`.
    func problem() async -> String? {
        await withCheckedContinuation { caller in
            let place = Place<String?, Never>(deadline: .now + limit, caller: caller)
            waiting.append(place)
            EventLoop.schedule(after: limit) {
                place.settle(.success("the database does not answer; see the log, or run sessiond check"))
            }
            // One look at a time: whoever asks meanwhile shares it.
            guard !isLooking else { return }
            isLooking = true
            EventLoop.start { [self] in
                let problem = await look()
                isLooking = false
                for place in waiting { place.settle(.success(problem)) }
                waiting = []
            }
        }.get()
    }

    private func look() async -> String? {
        if !isMigrated {
            if let problem = await missingTables() { return problem }
            isMigrated = true
        }
        do throws(SessionStoreError) {
            _ = try await sessions.session(nil).exists(SessionKey.generate())
            return nil
        } catch {
            return "sessions cannot be read; see the log, or run sessiond check"
        }
    }

    private func missingTables() async -> String? {
        let needed = settings.neededMigrations
        guard !needed.isEmpty || settings.authentication == .django else { return nil }
        do {
            // What keeps it from the database is in the log already.
            let client = try PostgresClient(
                database: settings.database, role: "readiness", limit: limit, logger: nil)
            defer { client.close() }
            let pending = try await Migrator(client: client).pending(of: needed)
            guard pending.isEmpty else { return "\(pending.count) migrations are not applied; run sessiond migrate" }
            guard settings.authentication == .django else { return nil }
            let tables = try await AccountTables.missing(in: client)
            guard tables.isEmpty else {
                return "there is no \(tables.joined(separator: ", ")); run manage.py migrate in the Django project"
            }
            return nil
        } catch {
            return "the database cannot be reached; see the log, or run sessiond check"
        }
    }
}

extension Settings {
    /// The migrations without which nothing works.
    var neededMigrations: [Migration] { (engine.hasTable ? Migration.all : []) + limitMigrations }
}
