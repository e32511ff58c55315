import Accounts
import DatabaseSessions
import EventLoop
import Logging
import PostgreSQL
import Sessions

extension Settings {
    /// The list of users' sessions; nil where the engine has no table to list.
    @EventLoop
    func makeSessionList(_ engine: Engine, reader: PostgresClient, audit: AuditLog? = nil, logger: Logger) throws
        -> SessionList?
    {
        guard self.engine.hasTable else { return nil }
        return try SessionList(
            engine.listedSessions, accounts, reader: reader, codec: engine.codec, database: database,
            limit: .seconds(databaseTimeout), audit: audit, logger: logger)
    }
}

extension SessionListState {
    /// What is wrong with the list, and what to do.
    var problem: String? {
        switch self {
        case .absent, .present(isBehind: false): nil
        case .present(isBehind: true):
            "\(Self.longQueue) changes or more wait for a worker; let one run with AUTHENTICATION=django, or take the "
                + "list back with sessiond migrate --session-list --remove"
        case .broken:
            "parts of it are missing; run sessiond migrate --session-list --remove, then without --remove"
        }
    }
}
