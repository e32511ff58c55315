import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import Accounts

/// A database with the list of sessions, and sessions in it.
@EventLoop
struct ListBench {
    let database: TestDatabase
    let store: DatabaseStore
    let engine: SessionEngine

    init(sessionList: Bool = true) async throws {
        database = try await TestDatabase(sessionList: sessionList)
        store = try database.store()
        engine = SessionEngine(store: store, codec: testCodec())
    }

    /// One for each worker; whoever makes it closes it.
    func keeper() throws -> SessionListKeeper {
        try SessionListKeeper(
            database: database.url, codec: testCodec(), limit: .seconds(5), logger: Logger(label: "test"))
    }

    func migrate() async throws {
        for migration in Migration.sessionList {
            #expect(try await Migrator(client: database.client).apply(migration))
        }
    }

    /// The key of a new session of a user.
    func login(_ userID: Int) async throws -> String {
        try await engine.stored(["_auth_user_id": .string("\(userID)"), "_auth_user_backend": "b"])
    }

    /// User and key of each entry of the list, in order.
    func listed() async throws -> [String] {
        let result = try await database.client.execute(
            Statement("SELECT user_id || ' ' || session_key FROM sessiond_session"))
        return (0..<result.count).compactMap { result.string($0, 0) }.sorted()
    }

    func queued() async throws -> Int64? { try await database.number("SELECT count(*) FROM sessiond_session_change") }

    func visit(
        _ key: String, _ userID: Int64, _ time: Int64, _ address: String? = "203.0.113.0/24"
    ) -> SessionVisit {
        SessionVisit(key: key, userID: userID, time: time, address: address, device: "Firefox on Linux")
    }
}
