import EventLoop
import PostgreSQL

/// What a statement locks in a test's database, locked until the test lets go of it: so that it can see what others do
/// meanwhile, however long that takes on a busy machine.
@EventLoop
public final class HeldLock {
    private let client: PostgresClient

    public init(_ database: TestDatabase, _ sql: String) async throws {
        client = try database.anotherClient()
        _ = try await client.execute(
            [Query(Statement("BEGIN"), []), Query(Statement(sql), [])], deadline: .now + .seconds(60))
    }

    /// Ends the transaction; what it has written is there.
    public func commit() async throws { _ = try await client.execute(Statement("COMMIT")) }

    /// Ends the transaction by ending its connection; what it has written is not there.
    public func release() { client.close() }
}
