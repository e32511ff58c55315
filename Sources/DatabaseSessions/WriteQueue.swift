import DequeModule
import EventLoop
import PostgreSQL
import Sessions

/// The writes: all that wait while a transaction is in flight go out together in the next one, so one commit serves many
/// logins. A caller gets its answer after the commit.
@EventLoop
final class WriteQueue {
    private static let batchSize = 256
    private static let batchBytes = 1 << 20

    private let client: PostgresClient
    /// For what a batch cannot do: a row that somebody holds locked, an attempt that was cut off.
    private let aloneClient: PostgresClient
    private let limit: Duration
    private let metrics = QueueMetrics("write")
    private var lines = KeyLines()
    /// The writes whose turn it is, and where they go from there.
    private var ready: Deque<Write> = []
    private var inFlight: [Write] = []
    private var alone: Deque<Write> = []
    /// Everybody's, in the order of their deadlines.
    private var places: Deque<Place<Void>> = []
    private var isPumping = false
    private var isPumpingAlone = false
    private lazy var deadlines = DeadlineWatch(every: limit / 10) { [unowned self] now in expire(now) }

    /// - Parameter limit: how long a caller waits at most.
    init(client: PostgresClient, aloneClient: PostgresClient, limit: Duration) {
        self.client = client
        self.aloneClient = aloneClient
        self.limit = limit
    }

    func write(_ key: String, _ operation: Write.Operation) async throws(SessionStoreError) {
        let answer = await withCheckedContinuation { caller in
            let place = Place<Void>(deadline: .now + limit, caller: caller)
            let write = Write(key, operation, place: place)
            places.append(place)
            deadlines.arm()
            if lines.enter(write) { ready.append(write) }
            metrics.waiting(ready.count)
            startPumping()
        }
        try answer.get()
    }

    /// Whether nothing is kept for anybody.
    var isEmpty: Bool { lines.isEmpty && ready.isEmpty && places.isEmpty }

    private func startPumping() {
        guard !isPumping, !ready.isEmpty else { return }
        isPumping = true
        EventLoop.start { [self] in await pump() }
    }

    private func pump() async {
        while !ready.isEmpty {
            if !client.isConnected, !(await client.waitUntilConnected()) {
                settlePlaces { _ in .unavailable("closed") }
                break
            }
            takeBatch()
            metrics.taken(inFlight.count, leaving: ready.count)
            guard !inFlight.isEmpty else { continue }
            do throws(PostgresError) {
                try await send(inFlight)
            } catch {
                // Each is tried by itself, so that one bad member fails alone.
                for write in inFlight {
                    if case .connectionLost = error { write.outcomeIsUnknown = true }
                    tryAlone(write)
                }
            }
            inFlight.removeAll(keepingCapacity: true)
        }
        isPumping = false
    }

    private func takeBatch() {
        var bytes = 0
        while let write = ready.first, inFlight.count < Self.batchSize {
            guard inFlight.isEmpty || bytes + write.size <= Self.batchBytes else { break }
            ready.removeFirst()
            if write.place.isSettled {
                leave(write)
            } else {
                bytes += write.size
                inFlight.append(write)
            }
        }
    }

    /// Sends the batch as one transaction and settles its members, or leaves them to be tried alone.
    private func send(_ batch: [Write]) async throws(PostgresError) {
        var creates = Rows()
        var replacements = Rows()
        var replaced: [String] = []
        var updates = Rows()
        var deletes: [String] = []
        for write in batch {
            switch write.operation {
            case .create(let record, replacing: nil): creates.append(write.key, record)
            case .create(let record, replacing: let oldKey?):
                replacements.append(write.key, record)
                replaced.append(oldKey)
            case .update(let record, _): updates.append(write.key, record)
            case .delete: deletes.append(write.key)
            }
        }
        var queries: [Query] = []
        if !creates.keys.isEmpty { queries.append(Query(SQL.create, creates.parameters)) }
        if !replaced.isEmpty { queries.append(Query(SQL.replace, replacements.parameters + [.textArray(replaced)])) }
        if !updates.keys.isEmpty { queries.append(Query(SQL.update, updates.parameters)) }
        if !deletes.isEmpty { queries.append(Query(SQL.delete, [.textArray(deletes)])) }

        let results = try await client.execute(queries)
        // No two members have the same key, so the number says whether all were written.
        if results.reduce(0, { $0 + $1.count }) == batch.count {
            for write in batch { settle(write, .success(())) }
            return
        }
        var written: Set<String> = []
        for result in results {
            for row in 0..<result.count { written.insert(result.string(row, 0) ?? "") }
        }
        for write in batch {
            if written.contains(write.key) {
                settle(write, .success(()))
            } else if case .create(_, replacing: nil) = write.operation {
                settle(write, .failure(.keyExists))
            } else {
                tryAlone(write)
            }
        }
    }

    private func settle(_ write: Write, _ answer: Result<Void, SessionStoreError>) {
        write.place.settle(answer)
        leave(write)
    }

    /// Ends the write's turn: those that stood behind it come next.
    private func leave(_ write: Write) {
        ready.append(contentsOf: lines.leave(write))
        startPumping()
    }

    // MARK: Alone

    private func tryAlone(_ write: Write) {
        alone.append(write)
        guard !isPumpingAlone else { return }
        isPumpingAlone = true
        EventLoop.start { [self] in await pumpAlone() }
    }

    private func pumpAlone() async {
        while let write = alone.popFirst() {
            await write.tryAlone(on: aloneClient)
            if write.place.isSettled { leave(write) } else { alone.append(write) }
        }
        isPumpingAlone = false
    }

    // MARK: Deadlines

    private func expire(_ now: ContinuousClock.Instant) -> Bool {
        settlePlaces { $0.deadline <= now ? .tooLate : nil }
        metrics.waiting(ready.count)
        return !places.isEmpty
    }

    /// Settles the oldest for as long as there is an error for them, and forgets their writes, which may hold much data
    /// and, while the database is away, be many.
    private func settlePlaces(_ error: (Place<Void>) -> SessionStoreError?) {
        while let place = places.first {
            if !place.isSettled {
                guard let error = error(place) else { break }
                place.settle(.failure(error))
            }
            places.removeFirst()
        }
        while let write = ready.first, write.place.isSettled {
            ready.removeFirst()
            leave(write)
        }
    }
}

/// The rows of one statement, by columns.
private struct Rows {
    private(set) var keys: [String] = []
    private var texts: [[UInt8]] = []
    private var expireDates: [Int64] = []

    mutating func append(_ key: String, _ record: EncodedRecord) {
        keys.append(key)
        texts.append(record.data)
        expireDates.append(record.expireDate)
    }

    var parameters: [Parameter] {
        [.textArray(keys), .textArray(texts), .timestampArray(unixTimes: expireDates)]
    }
}
