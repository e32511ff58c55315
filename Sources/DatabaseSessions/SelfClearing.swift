import EventLoop
import Logging
import PostgreSQL

/// Removes what has expired every so often, beside the requests, so that it never piles up.
///
/// All workers look, one of them clears: it holds an advisory lock by a transaction that has neither an id nor a snapshot
/// and so holds back no VACUUM. The lock is free as soon as that transaction's connection ends, however it does. Both
/// connections are there only during a look, and are none of those that requests wait for.
@EventLoop
public final class SelfClearing {
    /// Removes things of one kind in small batches.
    public typealias Chore = @EventLoop (Turn) async throws -> Void

    /// The time in which a worker is the one that clears.
    @EventLoop
    public struct Turn {
        /// The connection to clear by.
        public let client: PostgresClient
        private let election: PostgresClient
        private let connection: Int

        init(client: PostgresClient, election: PostgresClient) {
            (self.client, self.election) = (client, election)
            connection = election.connectionsMade
        }

        /// Whether another batch may follow: the connection that holds the lock is there.
        public var isOn: Bool { election.isConnected && election.connectionsMade == connection }
    }

    /// At most a fifth of a turn is spent on its chores.
    public static let pace = Pace(rest: 4)

    /// The expired sessions.
    public static func sessions(now: @escaping @Sendable () -> Int64) -> Chore {
        { turn in
            let expired = ExpiredSessions(client: turn.client)
            _ = try await expired.clear(now: now(), inBatchesOf: 1000, pace: pace) { _ in turn.isOn }
        }
    }

    /// A lock for each schema, because sites may share a database.
    private static let elect = [
        Query(Statement("BEGIN")),
        Query(
            Statement(
                "SELECT pg_try_advisory_xact_lock(hashtextextended(coalesce(current_schema(), ''), 7164110381203842))")),
        // Also ends what the protocol keeps of the statement before, and that has a snapshot.
        Query(Statement("SET LOCAL idle_in_transaction_session_timeout = 0")),
    ]
    /// A batch may wait for a slow disk longer than a request would; it holds rows that nobody wants.
    private static let limit = Duration.seconds(60)

    /// What is lost of it in a crash is cleared again.
    private static let settings = ["synchronous_commit": "off"]

    private let database: String
    private let interval: Duration
    private let chores: [Chore]
    private let logger: Logger
    private var timer: Timer?
    private var clients: [PostgresClient] = []
    private var retry = Duration.zero
    /// Whether the log has a warning, and no chores were done since.
    private var hasWarned = false
    private var isClosed = false

    /// - Parameters:
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - interval: the time from the end of one look to the next.
    public init(database: String, every interval: Duration, logger: Logger, chores: [Chore]) {
        self.database = database
        self.interval = interval
        self.logger = logger
        self.chores = chores
    }

    public func start() { schedule(after: interval) }

    public func close() {
        isClosed = true
        timer?.cancel()
        closeClients()
    }

    /// Not in step with the other workers.
    private func schedule(after pause: Duration) {
        guard !isClosed else { return }
        timer = EventLoop.schedule(after: pause * Double.random(in: 0.75...1.25)) { [weak self] in
            guard let self else { return }
            EventLoop.start { [self] in await look() }
        }
    }

    private func look() async {
        do {
            if try await clearIfElected() { hasWarned = false }
            retry = .zero
        } catch {
            if !hasWarned, !isClosed {
                logger.warning("expired sessions stay in the database", metadata: ["reason": "\(error)"])
                hasWarned = true
            }
            retry = min(max(retry * 2, .seconds(1)), interval)
        }
        closeClients()
        schedule(after: retry > .zero ? retry : interval)
    }

    private func clearIfElected() async throws -> Bool {
        let election = try client("election")
        let results = try await election.execute(Self.elect, deadline: .now + .seconds(5))
        let isElected = results.contains { $0.integer(0, 0) == 1 }
        if isElected {
            let turn = Turn(client: try client("clearing", Self.settings), election: election)
            for chore in chores where turn.isOn { try await chore(turn) }
        }
        if election.isConnected { _ = try await election.execute([Query(Statement("COMMIT"))]) }
        return isElected
    }

    private func client(_ role: String, _ settings: [String: String] = [:]) throws(PostgresError) -> PostgresClient {
        guard !isClosed else { throw .connectionLost("closed") }
        do {
            // What the client would log each time is said once, above.
            let client = try PostgresClient(
                database: database, role: role, limit: Self.limit, settings: settings, logger: nil)
            clients.append(client)
            return client
        } catch {
            throw .connectionLost("\(error)")
        }
    }

    private func closeClients() {
        for client in clients { client.close() }
        clients = []
    }
}
