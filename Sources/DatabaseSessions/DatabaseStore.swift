import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions

/// Django's database engine (`django.contrib.sessions.backends.db`), on the same `django_session` table.
///
/// Three connections: reads apart from writes, so that no read waits for a commit, and one for what a batch cannot do.
@EventLoop
public final class DatabaseStore: SessionStore {
    let loads: LoadQueue
    let writes: WriteQueue
    private let codec: SessionCodec
    private let single: PostgresClient
    private let limit: Duration
    private let clients: [PostgresClient]

    /// - Parameters:
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - codec: makes `session_data` of session data.
    ///   - limit: how long a request waits for the database at most; 503 then.
    /// - Throws: `InvalidConnectionString`.
    public init(
        database: String, codec: SessionCodec, limit: Duration = .seconds(5), logger: Logger
    ) throws(InvalidConnectionString) {
        func client(_ role: String, _ settings: [String: String] = [:]) throws(InvalidConnectionString)
            -> PostgresClient
        {
            try PostgresClient(database: database, role: role, limit: limit, settings: settings, logger: logger)
        }
        let reader = try client("read")
        let writer = try client("write")
        single = try client("single", ["lock_timeout": PostgresClient.lockTimeout(limit)])
        self.codec = codec
        self.limit = limit
        clients = [reader, writer, single]
        loads = LoadQueue(client: reader, limit: limit)
        writes = WriteQueue(client: writer, aloneClient: single, limit: limit)
    }

    /// Makes the connections ahead of the first request.
    public func connect() {
        for client in clients { client.connectInBackground() }
        EventLoop.start { [loads] in await loads.lookAtTable() }
    }

    public func close() {
        for client in clients { client.close() }
    }

    // MARK: SessionStore

    @EventLoop
    public func exists(_ key: String) async throws(SessionStoreError) -> Bool {
        guard SessionKey.fitsColumn(key) else { return false }
        do throws(PostgresError) {
            return try await single.execute(SQL.exists, [.text(key)], deadline: .now + limit).count > 0
        } catch {
            throw .unavailable("\(error)")
        }
    }

    @EventLoop
    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        guard SessionKey.fitsColumn(key), let row = try await loads.load(key) else { return .unknown }
        return codec.session(in: row.data, expireDate: row.expireDate, now: now)
    }

    @EventLoop
    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard SessionKey.fitsColumn(key) else { throw .unstorable("the session's key does not fit its column") }
        if let oldKey, !SessionKey.fitsColumn(oldKey) { throw .keyGone }
        let row = EncodedRecord(data: try codec.text(of: record.data, now: now), expireDate: record.expireDate)
        try await writes.write(key, .create(row, replacing: oldKey))
        return SavedSession(revision: row.data)
    }

    @EventLoop
    public func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard SessionKey.fitsColumn(key) else { throw .keyGone }
        let row = EncodedRecord(data: try codec.text(of: record.data, now: now), expireDate: record.expireDate)
        try await writes.write(key, .update(row, loaded: revision))
        return SavedSession(revision: row.data)
    }

    @EventLoop
    public func delete(_ key: String) async throws(SessionStoreError) {
        guard SessionKey.fitsColumn(key) else { return }
        try await writes.write(key, .delete)
    }

    @EventLoop
    public func clearExpired(now: Int64) async throws(SessionStoreError) -> Int {
        do throws(PostgresError) {
            return try await ExpiredSessions(client: single).clear(now: now, inBatchesOf: 1000)
        } catch {
            throw .unavailable("\(error)")
        }
    }
}
