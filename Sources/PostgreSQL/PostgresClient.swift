import EventLoop
import Logging

/// One connection that is kept: made when first needed, made again with growing pauses when it was lost.
@EventLoop
public final class PostgresClient {
    private let options: ConnectionOptions
    private let role: String
    private let outage: (shared: Outage, logger: Logger)?
    private let metrics: ConnectionMetrics

    private(set) var connection: PostgresConnection?
    private var isConnecting = false
    private var isClosed = false
    private var lastError = "not connected yet"
    private var pause = RetryPause()
    private var waitingForConnection: [CheckedContinuation<Void, Never>] = []
    /// Whether a statement is under way, and who waits for its end, in order.
    private var isBusy = false
    private var waitingForTurn: [CheckedContinuation<Void, Never>] = []

    /// The longest that a statement may take before the connection counts as lost.
    private let statementLimit: Duration

    /// - Parameters:
    ///   - role: what the connection is for, as it stands in the log.
    ///   - logger: nil where whoever asks says what went wrong; the other clients' log does not depend on this one then.
    public init(_ options: ConnectionOptions, role: String, statementLimit: Duration, logger: Logger?) {
        self.options = options
        self.role = role
        outage = logger.map { (.of(options), $0) }
        metrics = ConnectionMetrics(role)
        self.statementLimit = statementLimit
    }

    /// A connection for statements that requests wait for, many of them in one.
    ///
    /// - Parameters:
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - limit: how long a request waits for the database at most.
    ///   - settings: run-time parameters of the server beside our own.
    public convenience init(
        database: String, role: String, limit: Duration, settings: [String: String] = [:], logger: Logger?
    ) throws(InvalidConnectionString) {
        let settings = settings.merging([
            // Sooner than the connection is given up: the server's own error says that nothing was written.
            "statement_timeout": "\(limit.milliseconds * 3 / 4)",
            // Under a stricter level the batches of two workers would fail each other.
            "default_transaction_isolation": "read committed",
            // The batches' plans do not depend on their parameters. A plan that was made for a small table is kept
            // while the table grows, so it must use the indexes from the start.
            "plan_cache_mode": "force_generic_plan",
            "enable_seqscan": "off",
            // A table without an index is scanned all the same, at a cost by which the statement would be compiled first.
            "jit": "off",
        ]) { own, _ in own }
        let options = try ConnectionOptions(database, settings: settings)
        self.init(options, role: role, statementLimit: limit, logger: logger)
    }

    /// The `lock_timeout` for a statement that may wait for a row which somebody holds locked.
    public nonisolated static func lockTimeout(_ limit: Duration) -> String { "\(max(limit.milliseconds / 20, 10))" }

    /// Whether statements can be sent now.
    public var isConnected: Bool { connection?.isOpen ?? false }

    /// How many connections it has made so far: a transaction that was begun lives as long as this stays the same.
    public private(set) var connectionsMade = 0

    /// Runs the queries as one transaction in one round trip, after those of earlier callers.
    ///
    /// - Parameter deadline: until when a connection is waited for; nil: as long as it takes.
    /// - Throws: ``PostgresError/server(_:)`` where one failed, ``PostgresError/connectionLost(_:)``.
    public func execute(
        _ queries: [Query], deadline: ContinuousClock.Instant? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        // Awaited only where there is something to wait for: each `await` costs, and lets other events in.
        if isBusy { await takeTurn() } else { isBusy = true }
        defer { passTurn() }
        let connection =
            if let connection, connection.isOpen { connection } else { try await connected(deadline: deadline) }
        do {
            let sent = ContinuousClock.now
            let results = try await connection.execute(queries, within: statementLimit)
            metrics.answered(after: EventLoop.now - sent)
            pause.reset()
            return results
        } catch {
            if !connection.isOpen, connection === self.connection { connectionWasLost("\(error)") }
            throw error
        }
    }

    public func execute(
        _ statement: Statement, _ parameters: [Parameter] = [], deadline: ContinuousClock.Instant? = nil
    ) async throws(PostgresError) -> PostgresResult {
        guard let result = try await execute([Query(statement, parameters)], deadline: deadline).first else {
            throw .connectionLost("the server sent no result")
        }
        return result
    }

    /// Suspends until statements can be sent, however long that takes.
    /// - Returns: false where the client was closed.
    public func waitUntilConnected() async -> Bool {
        (try? await connected(deadline: nil)) != nil
    }

    /// Makes the connection ahead of the first statement.
    public func connectInBackground() { startConnecting() }

    /// Ends the connection for good.
    public func close() {
        isClosed = true
        outage?.shared.forget(self)
        connection?.lose("closed")
        connection = nil
        metrics.disconnected()
        wakeWaiting()
    }

    private func takeTurn() async {
        await withCheckedContinuation { turn in
            // Asked again: another may have passed its turn meanwhile.
            if isBusy { return waitingForTurn.append(turn) }
            isBusy = true
            turn.resume()
        }
    }

    private func passTurn() {
        if waitingForTurn.isEmpty { isBusy = false } else { waitingForTurn.removeFirst().resume() }
    }

    private func connected(deadline: ContinuousClock.Instant?) async throws(PostgresError) -> PostgresConnection {
        while true {
            if let connection, connection.isOpen { return connection }
            guard !isClosed else { throw .connectionLost("closed") }
            if let deadline, ContinuousClock.now >= deadline { throw .connectionLost(lastError) }
            await withCheckedContinuation { continuation in
                // Asked again: each `await` lets other events in.
                guard !isConnected, !isClosed else { return continuation.resume() }
                startConnecting()
                waitingForConnection.append(continuation)
                if let deadline {
                    EventLoop.schedule(after: deadline - ContinuousClock.now) { [weak self] in self?.wakeWaiting() }
                }
            }
        }
    }

    private func wakeWaiting() {
        let waiting = waitingForConnection
        waitingForConnection = []
        for continuation in waiting { continuation.resume() }
    }

    private func connectionWasLost(_ reason: String) {
        connection = nil
        lastError = reason
        metrics.disconnected()
        guard !isClosed else { return }
        if let outage { outage.shared.lost(self, role: role, reason: reason, outage.logger) }
        startConnecting()
    }

    private func startConnecting() {
        guard !isConnecting, !isClosed else { return }
        isConnecting = true
        EventLoop.start { [self] in await connect() }
    }

    /// Tries all hosts in turn, again and again, with pauses of 50 ms to 1 s between the rounds: also where a connection
    /// can be had, but does not last until a statement's end.
    private func connect() async {
        while !isClosed {
            let rest = pause.take()
            if rest > .zero { await EventLoop.sleep(for: rest) }
            do throws(PostgresError) {
                let connection = try await connectToFirstHost()
                // Each `await` lets other events in.
                if let loss = connection.loss { throw .connectionLost(loss) }
                if !isClosed { use(connection) }
                break
            } catch {
                lastError = "\(error)"
                metrics.disconnected()
                if !isClosed, let outage {
                    outage.shared.unreachable(self, role: role, reason: lastError, outage.logger)
                }
            }
        }
        isConnecting = false
        wakeWaiting()
    }

    private func use(_ connection: PostgresConnection) {
        self.connection = connection
        connection.whenLostIdle = { [weak self] in self?.connectionWasLost($0) }
        metrics.connected(again: connectionsMade > 0)
        connectionsMade += 1
        if let outage { outage.shared.connected(self, outage.logger) }
    }

    private func connectToFirstHost() async throws(PostgresError) -> PostgresConnection {
        var failure = PostgresError.connectionLost("no host is named")
        for host in options.hosts {
            do throws(PostgresError) {
                for address in try await host.resolved() {
                    do throws(PostgresError) {
                        return try await PostgresConnection.open(options, host: address)
                    } catch { failure = error }
                }
            } catch { failure = error }
        }
        throw failure
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
