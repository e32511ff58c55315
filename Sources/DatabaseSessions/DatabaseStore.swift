import EventLoop
import Logging
import PostgreSQL
import Sessions

/// Django's database engine (`django.contrib.sessions.backends.db`), on the same `django_session` table.
///
/// Three connections: reads apart from writes, so that no read waits for a commit, and one for what a batch cannot do.
@EventLoop
public final class DatabaseStore: SessionStore {
    private let loads: LoadQueue
    private let writes: WriteQueue
    private let single: PostgresClient
    private let limit: Duration
    private let clients: [PostgresClient]

    /// - Parameters:
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - limit: how long a request waits for the database at most; 503 then.
    /// - Throws: ``InvalidConnectionString``.
    public init(database: String, limit: Duration = .seconds(5), logger: Logger) throws(InvalidConnectionString) {
        let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
        func client(_ role: String, _ settings: [String: String] = [:]) throws(InvalidConnectionString)
            -> PostgresClient
        {
            let settings = settings.merging([
                // Sooner than the connection is given up: the server's own error says that nothing was written.
                "statement_timeout": "\(milliseconds * 3 / 4)",
                // Under a stricter level the batches of two workers would fail each other.
                "default_transaction_isolation": "read committed",
                // The batches' plans do not depend on their parameters. A plan that was made for a small table is kept
                // while the table grows, so it must use the indexes from the start.
                "plan_cache_mode": "force_generic_plan",
                "enable_seqscan": "off",
            ]) { own, _ in own }
            let options = try ConnectionOptions(database, settings: settings)
            return PostgresClient(options, role: role, statementLimit: limit, logger: logger)
        }
        let reader = try client("read")
        let writer = try client("write")
        single = try client("single", ["lock_timeout": "\(max(milliseconds / 20, 10))"])
        self.limit = limit
        clients = [reader, writer, single]
        loads = LoadQueue(client: reader, limit: limit)
        writes = WriteQueue(client: writer, aloneClient: single, limit: limit)
    }

    /// Makes the connections ahead of the first request.
    public func connect() {
        for client in clients { client.connectInBackground() }
    }

    public func close() {
        for client in clients { client.close() }
    }

    @EventLoop
    public func exists(_ key: String) async throws(SessionStoreError) -> Bool {
        do throws(PostgresError) {
            return try await single.execute(SQL.exists, [.text(key)], deadline: .now + limit).count > 0
        } catch {
            throw .unavailable("\(error)")
        }
    }

    @EventLoop
    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionRecord? {
        try await loads.load(key, now: now)
    }

    @EventLoop
    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?
    ) async throws(SessionStoreError) {
        try await writes.write(key, .create(record, replacing: oldKey))
    }

    @EventLoop
    public func update(
        _ key: String, _ record: SessionRecord, loaded: [UInt8]?
    ) async throws(SessionStoreError) {
        try await writes.write(key, .update(record, loaded: loaded))
    }

    @EventLoop
    public func delete(_ key: String) async throws(SessionStoreError) {
        try await writes.write(key, .delete)
    }
}
