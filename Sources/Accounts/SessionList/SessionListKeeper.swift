import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions

/// Keeps the table of users' sessions, on a connection of its own and beside the requests: writes the visits that this
/// worker saw, and takes the changes that the trigger has queued.
@EventLoop
final class SessionListKeeper {
    private static let pause = Duration.seconds(1)
    /// A batch is read in less than a millisecond, and there is this pause to the next, so that a long queue takes a
    /// twentieth of the worker's time.
    private static let batchSize = 64
    private static let pauseWhileQueued = Duration.milliseconds(20)
    private static let visitBatchSize = 256
    /// So many batches are taken at once for somebody who waits.
    private static let batchesForCaller = 16
    private static let pauseWithoutTable = Duration.seconds(30)

    private let client: PostgresClient
    private let codec: SessionCodec
    private let limit: Duration
    private let logger: Logger
    private var visits = VisitLog()
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var timer: Timer?
    private var isAtWork = false
    private var isClosed = false
    private var hasFailed = false
    /// Whether the database has the tables; assumed until it was asked.
    private(set) var isAvailable = true
    /// Whether they were there when it was asked last.
    private(set) var isFound = false

    init(
        database: String, codec: SessionCodec, limit: Duration, logger: Logger
    ) throws(InvalidConnectionString) {
        self.codec = codec
        self.limit = limit
        self.logger = logger
        client = try PostgresClient(
            database: database, role: "session list", limit: limit,
            settings: [
                // A worker that stops between a batch's two round trips gives the batch back.
                "idle_in_transaction_session_timeout": "10s",
                // However large the tables are, or were when a plan was made, each key is looked up.
                "enable_mergejoin": "off", "enable_hashjoin": "off",
            ], logger: logger)
    }

    func start() { work() }

    func close() {
        isClosed = true
        timer?.cancel()
        client.close()
    }

    /// Whether a visit of this session is to be added; asked once of each.
    func counts(_ key: String) -> Bool { isAvailable && visits.counts(key, at: EventLoop.now) }

    /// Remembers a visit, to be written soon.
    func add(_ visit: SessionVisit) { visits.add(visit) }

    /// Returns when what had changed before is in the table: unless that is very much, the database is away, or another
    /// worker has taken it and not finished.
    func catchUp() async {
        guard !isClosed else { return }
        await withCheckedContinuation { caller in
            waiting.append(caller)
            work()
        }
    }

    // MARK: Turns

    private func work() {
        guard !isAtWork, !isClosed else { return }
        isAtWork = true
        timer?.cancel()
        EventLoop.start { [self] in
            var pause = Duration.zero
            repeat {
                let callers = waiting
                waiting = []
                pause = await turn(batches: callers.isEmpty ? 1 : Self.batchesForCaller)
                for caller in callers { caller.resume() }
            } while !waiting.isEmpty
            isAtWork = false
            guard !isClosed else { return }
            // Not in step with the other workers.
            timer = EventLoop.schedule(after: pause * Double.random(in: 0.75...1.25)) { [weak self] in self?.work() }
        }
    }

    /// - Returns: how long to wait before the next.
    private func turn(batches: Int) async -> Duration {
        do throws(PostgresError) {
            while !visits.isEmpty { try await write(visits.take(Self.visitBatchSize)) }
            var isMore = true
            for _ in 0..<batches where isMore { isMore = try await takeChanges() }
            (isAvailable, isFound, hasFailed) = (true, true, false)
            return isMore ? Self.pauseWhileQueued : Self.pause
        } catch {
            if case .server(let error) = error, error.sqlState == ServerError.undefinedTable {
                (isAvailable, isFound) = (false, false)
                return Self.pauseWithoutTable
            }
            if !hasFailed, !isClosed {
                logger.warning("the list of sessions lags behind", metadata: ["reason": "\(error)"])
            }
            hasFailed = true
            return Self.pause * 5
        }
    }

    private func execute(_ queries: [Query]) async throws(PostgresError) -> [PostgresResult] {
        try await client.execute(queries, deadline: .now + limit)
    }

    private func write(_ batch: [SessionVisit]) async throws(PostgresError) {
        let parameters: [Parameter] = [
            .textArray(batch.map(\.key)), .integerArray(batch.map(\.userID)),
            .timestampArray(unixTimes: batch.map(\.time)), .textArray(batch.map { $0.address ?? "" }),
            .textArray(batch.map { $0.device ?? "" }),
        ]
        do throws(PostgresError) {
            let result = try await execute([Query(SessionListSQL.visit, parameters)])
            guard let written = result.first, written.count < batch.count else { return }
            let keys = Set((0..<written.count).map { written.string($0, 0) ?? "" })
            for visit in batch where !keys.contains(visit.key) { visits.forget(visit.key) }
        } catch {
            for visit in batch { visits.forget(visit.key) }
            throw error
        }
    }

    // MARK: Changes

    /// Takes a batch out of the queue and brings the table up to it.
    /// - Returns: whether the queue may hold more.
    private func takeChanges() async throws(PostgresError) -> Bool {
        let size = Int64(Self.batchSize)
        do throws(PostgresError) {
            let results = try await execute([Query(SessionListSQL.begin), Query(SessionListSQL.take, [.integer(size)])])
            guard results.count == 2 else { throw .connectionLost("the server sent no result") }
            let (batch, changes) = try await read(results[1])
            _ = try await execute(batch.queries + [Query(SessionListSQL.commit)])
            return changes >= size
        } catch {
            // What was taken is in the queue again.
            if case .server = error { _ = try? await execute([Query(SessionListSQL.rollback)]) }
            throw error
        }
    }

    /// Sorts the sessions that changed into those of users and others.
    private func read(_ result: PostgresResult) async throws(PostgresError) -> (ChangedSessions, Int64) {
        var batch = ChangedSessions()
        var changes: Int64 = 0
        for row in 0..<result.count {
            changes += result.integer(row, 4) ?? 0
            guard let key = result.string(row, 0) else { continue }
            let changed = PostgresTime.unixTime(result.integer(row, 1) ?? 0)
            guard var version = result.string(row, 2) else {
                batch.strike(key, version: "")
                continue
            }
            var text = result.text(row, 3)
            if text == nil {
                let alone = try await execute([Query(SessionListSQL.data, [.text(key)])])
                text = alone.first?.text(0, 0)
                version = alone.first?.string(0, 1) ?? ""
            }
            if let text, let owner = owner(of: text) {
                batch.enter(key, version: version, userID: owner.id, created: changed, lastSeen: owner.signedAt)
            } else {
                batch.strike(key, version: version)
            }
        }
        return (batch, changes)
    }

    /// Whose session it is, and when it was saved; nil for nobody's, and for what is not signed with our key.
    private func owner(of text: [UInt8]) -> (id: Int64, signedAt: Int64)? {
        let century = 100 * 366 * 24 * 3600
        guard let (data, signedAt) = codec.decode(text, maxAge: century, now: 0),
            let id = data[SessionKeys.userID].flatMap(primaryKey)
        else { return nil }
        return (id, signedAt)
    }
}

/// A batch of changes, as the parameters of its statements.
private struct ChangedSessions {
    private var entered = (
        keys: [String](), versions: [String](), userIDs: [Int64](), created: [Int64](), seen: [Int64]()
    )
    private var struck = (keys: [String](), versions: [String]())

    mutating func enter(_ key: String, version: String, userID: Int64, created: Int64, lastSeen: Int64) {
        entered.keys.append(key)
        entered.versions.append(version)
        entered.userIDs.append(userID)
        entered.created.append(created)
        entered.seen.append(lastSeen)
    }

    mutating func strike(_ key: String, version: String) {
        struck.keys.append(key)
        struck.versions.append(version)
    }

    var queries: [Query] {
        var queries: [Query] = []
        if !entered.keys.isEmpty {
            queries.append(
                Query(
                    SessionListSQL.enter,
                    [
                        .textArray(entered.keys), .textArray(entered.versions), .integerArray(entered.userIDs),
                        .timestampArray(unixTimes: entered.created), .timestampArray(unixTimes: entered.seen),
                    ]))
        }
        if !struck.keys.isEmpty {
            queries.append(Query(SessionListSQL.strike, [.textArray(struck.keys), .textArray(struck.versions)]))
        }
        return queries
    }
}
