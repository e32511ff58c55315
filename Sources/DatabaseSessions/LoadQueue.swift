import DequeModule
import EventLoop
import PostgreSQL
import Sessions

/// The reads: whoever waits while a statement is in flight goes out together in the next one.
///
/// Under load the batch grows by itself; an idle server adds no delay.
@EventLoop
final class LoadQueue {
    @EventLoop
    private struct Load {
        let key: String
        let place: Place<EncodedRecord?>

        func settle(_ record: EncodedRecord?) { place.settle(.success(record)) }
    }

    private static let batchSize = 256

    private let client: PostgresClient
    private let limit: Duration
    private let metrics = QueueMetrics("load")
    private var statement = SQL.load
    private var waiting: Deque<Load> = []
    private var inFlight: [Load] = []
    private var isPumping = false
    private lazy var deadlines = DeadlineWatch(every: limit / 10) { [unowned self] now in expire(now) }

    /// - Parameter limit: how long a caller waits at most.
    init(client: PostgresClient, limit: Duration) {
        self.client = client
        self.limit = limit
    }

    /// The row of that key, expired or not.
    func load(_ key: String) async throws(SessionStoreError) -> EncodedRecord? {
        let answer = await withCheckedContinuation { caller in
            waiting.append(Load(key: key, place: Place(deadline: .now + limit, caller: caller)))
            metrics.waiting(waiting.count)
            deadlines.arm()
            guard !isPumping else { return }
            isPumping = true
            EventLoop.start { [self] in await pump() }
        }
        return try answer.get()
    }

    /// Chooses the statement for the table as it is. All work with any table.
    func lookAtTable() async {
        while await client.waitUntilConnected() {
            do throws(PostgresError) {
                let found = try await client.execute(SQL.isPartitioned)
                statement = found.integer(0, 0) == 1 ? SQL.loadFromPartitions : SQL.load
                return
            } catch {
                // What the server refuses it refuses again; a connection that was lost has said nothing.
                if client.isConnected { return }
            }
        }
    }

    /// Whether nothing is kept for anybody.
    var isEmpty: Bool { waiting.isEmpty && inFlight.isEmpty }

    private func pump() async {
        while !waiting.isEmpty {
            if !client.isConnected, !(await client.waitUntilConnected()) {
                settleWaiting { _ in .unavailable("closed") }
                break
            }
            while let load = waiting.first, inFlight.count < Self.batchSize {
                waiting.removeFirst()
                if !load.place.isSettled { inFlight.append(load) }
            }
            metrics.taken(inFlight.count, leaving: waiting.count)
            guard !inFlight.isEmpty else { continue }
            do throws(PostgresError) {
                let result = try await client.execute(statement, [.textArray(inFlight.map(\.key))])
                await deliver(records(in: result))
            } catch {
                await retry(after: error)
            }
            inFlight.removeAll(keepingCapacity: true)
        }
        isPumping = false
    }

    /// nil as a value: the row is there, but too large for a batch.
    private func records(in result: PostgresResult) -> [String: EncodedRecord?] {
        var records: [String: EncodedRecord?] = [:]
        records.reserveCapacity(result.count)
        for row in 0..<result.count {
            guard let key = result.string(row, 0) else { continue }
            records[key] = .some(EncodedRecord(result, row: row))
        }
        return records
    }

    private func deliver(_ records: [String: EncodedRecord?]) async {
        var large: [Load] = []
        for load in inFlight {
            switch records[load.key] {
            case .some(.some(let record)): load.settle(record)
            case .some(.none): large.append(load)
            case .none: load.settle(nil)
            }
        }
        for load in large { await loadAlone(load) }
    }

    /// A lost connection: all wait again. A statement that failed: each gets its own answer.
    private func retry(after error: PostgresError) async {
        if case .connectionLost = error {
            waiting.prepend(contentsOf: inFlight)
        } else {
            for load in inFlight { await loadAlone(load) }
        }
    }

    private func loadAlone(_ load: Load) async {
        guard !load.place.isSettled else { return }
        do throws(PostgresError) {
            let result = try await client.execute(SQL.loadAlone, [.text(load.key)], deadline: load.place.deadline)
            load.settle(result.count > 0 ? EncodedRecord(result, row: 0) : nil)
        } catch {
            guard case .connectionLost = error else { return load.place.settle(.failure(.unavailable("\(error)"))) }
            waiting.prepend(load)
        }
    }

    private func expire(_ now: ContinuousClock.Instant) -> Bool {
        for load in inFlight where load.place.deadline <= now { load.place.settle(.failure(.tooLate)) }
        settleWaiting { $0.deadline <= now ? .tooLate : nil }
        metrics.waiting(waiting.count)
        return isPumping
    }

    /// Settles and forgets the oldest for as long as there is an error for them.
    private func settleWaiting(_ error: (Place<EncodedRecord?>) -> SessionStoreError?) {
        while let load = waiting.first, let error = error(load.place) {
            waiting.removeFirst()
            load.place.settle(.failure(error))
        }
    }
}

extension EncodedRecord {
    /// A row of ``SQL/load``; nil where the text was left out.
    init?(_ result: PostgresResult, row: Int) {
        guard let data = result.text(row, 1), let expiry = result.integer(row, 2) else { return nil }
        self.init(data: data, expireDate: PostgresTime.unixTime(expiry))
    }
}
