import DatabaseSessions
import EventLoop
import Glibc
import Logging
import PostgreSQL

/// A schema of its own in the PostgreSQL that the test run has started.
///
/// Tests run all at once, but the server has room for the connections of some: the others wait their turn here.
@EventLoop
public final class TestDatabase {
    /// A connection string by which the schema is the only one, and the name that the server shows for its connections.
    public let url: String
    public let client: PostgresClient

    private static var count = 0
    private static let turns = Turns(16)

    /// - Parameters:
    ///   - migrated: whether the tables are made.
    ///   - sessionList: whether those of the list of sessions are too.
    public init(migrated: Bool = true, sessionList: Bool = false) async throws {
        guard let base = getenv("SESSIOND_TEST_DATABASE_URL").map({ String(cString: $0) }) else {
            throw MissingDatabase()
        }
        await Self.turns.take()
        Self.count += 1
        let schema = "t\(getpid())_\(Self.count)"
        url = base + (base.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(schema)&application_name=\(schema)"
        client = PostgresClient(
            try ConnectionOptions(url), role: "test", statementLimit: .seconds(20), logger: Logger(label: "test"))
        _ = try await client.execute(Statement("CREATE SCHEMA \(schema)"), deadline: .now + .seconds(60))
        guard migrated else { return }
        for migration in Migration.all + (sessionList ? Migration.sessionList : []) {
            _ = try await Migrator(client: client).apply(migration)
        }
    }

    isolated deinit { Self.turns.pass() }

    public func store(limit: Duration = .seconds(15)) throws -> DatabaseStore {
        try DatabaseStore(database: url, codec: testCodec(), limit: limit, logger: Logger(label: "test"))
    }

    /// Another connection to the same schema.
    public func anotherClient() throws -> PostgresClient {
        PostgresClient(
            try ConnectionOptions(url), role: "other", statementLimit: .seconds(20), logger: Logger(label: "test"))
    }

    /// The first column of the first row as a number.
    public func number(_ sql: String) async throws -> Int64? {
        try await client.execute(Statement(sql), deadline: .now + .seconds(60)).integer(0, 0)
    }

    public func run(_ sql: String) async throws {
        _ = try await client.execute(Statement(sql), deadline: .now + .seconds(60))
    }

    /// The stored text of a session, nil where there is no row.
    public func data(_ key: String) async throws -> String? {
        let statement = Statement("SELECT session_data FROM django_session WHERE session_key = $1")
        return try await client.execute(statement, [.text(key)], deadline: .now + .seconds(60)).string(0, 0)
    }
}

public struct MissingDatabase: Error, CustomStringConvertible {
    public var description: String {
        "SESSIOND_TEST_DATABASE_URL is not set; Tests/run starts a PostgreSQL and sets it"
    }
}
