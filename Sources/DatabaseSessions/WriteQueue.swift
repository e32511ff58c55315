import DequeModule
import EventLoop
import PostgreSQL
import Sessions

/// The writes: all that wait while a transaction is in flight go out together in the next one, so one commit serves many
/// logins. A caller gets its answer after the commit.
///
/// A key has at most one write queued into a batch or in flight; later ones wait their turn, in order.
@EventLoop
final class WriteQueue {
    private static let batchSize = 256
    private static let batchBytes = 1 << 20

    private let client: PostgresClient
    /// For what a batch cannot do: a row that somebody holds locked, an attempt that was cut off.
    private let aloneClient: PostgresClient
    private let limit: Duration
    private var waiting: Deque<Write> = []
    private var inFlight: [Write] = []
    private var alone: Deque<Write> = []
    /// Keys of the writes that are in flight or tried alone.
    private var claimed: Set<String> = []
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
            let place = Place<Void>(deadline: EventLoop.now + limit, caller: caller)
            waiting.append(Write(key, operation, place: place))
            deadlines.arm()
            startPumping()
        }
        try answer.get()
    }

    private func startPumping() {
        guard !isPumping, !waiting.isEmpty else { return }
        isPumping = true
        EventLoop.startLater { [self] in await pump() }
    }

    private func pump() async {
        repeat {
            guard await client.waitUntilConnected() else { return }
            takeBatch()
            guard !inFlight.isEmpty else { break }
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
        } while !waiting.isEmpty
        isPumping = false
    }

    /// Moves the writes that may go now, in order, to ``inFlight`` and claims their keys.
    private func takeBatch() {
        var bytes = 0
        var passedOver: Set<String> = []
        var left: Deque<Write> = []
        while let write = waiting.popFirst() {
            if write.place.isSettled { continue }
            let keys = write.keys
            let isBlocked = keys.contains { claimed.contains($0) || passedOver.contains($0) }
            let isFull = inFlight.count >= Self.batchSize || !inFlight.isEmpty && bytes + write.size > Self.batchBytes
            if isBlocked || isFull {
                passedOver.formUnion(keys)
                left.append(write)
                if isFull { break }
            } else {
                bytes += write.size
                claimed.formUnion(keys)
                inFlight.append(write)
            }
        }
        left.append(contentsOf: waiting)
        waiting = left
    }

    /// Sends the batch as one transaction and settles its members, or leaves them to be tried alone.
    private func send(_ batch: [Write]) async throws(PostgresError) {
        var creates: [(Write, SessionRecord, String)] = []
        var updates: [(Write, SessionRecord)] = []
        var deletes: [Write] = []
        for write in batch {
            switch write.operation {
            case .create(let record, let oldKey): creates.append((write, record, oldKey ?? ""))
            case .update(let record, _): updates.append((write, record))
            case .delete: deletes.append(write)
            }
        }
        var queries: [Query] = []
        if !creates.isEmpty {
            let parameters: [Parameter] = [
                .textArray(creates.map { $0.0.key }), .textArray(creates.map { $0.1.data }),
                .timestampArray(unixTimes: creates.map { $0.1.expireDate }), .textArray(creates.map { $0.2 }),
            ]
            queries.append(Query(SQL.create, parameters))
        }
        if !updates.isEmpty {
            let parameters: [Parameter] = [
                .textArray(updates.map { $0.0.key }), .textArray(updates.map { $0.1.data }),
                .timestampArray(unixTimes: updates.map { $0.1.expireDate }),
            ]
            queries.append(Query(SQL.update, parameters))
        }
        if !deletes.isEmpty { queries.append(Query(SQL.delete, [.textArray(deletes.map(\.key))])) }

        var written: Set<String> = []
        for result in try await client.execute(queries) {
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
        claimed.subtract(write.keys)
        write.place.settle(answer)
    }

    // MARK: Alone

    private func tryAlone(_ write: Write) {
        alone.append(write)
        guard !isPumpingAlone else { return }
        isPumpingAlone = true
        EventLoop.startLater { [self] in await pumpAlone() }
    }

    private func pumpAlone() async {
        while let write = alone.first {
            await write.runAlone(on: aloneClient)
            alone.removeFirst()
            claimed.subtract(write.keys)
            // Others may have waited for its keys.
            startPumping()
        }
        isPumpingAlone = false
    }

    private func expire(_ now: ContinuousClock.Instant) -> Bool {
        for write in [Array(waiting), inFlight, Array(alone)].joined() where write.place.deadline <= now {
            write.place.settle(.failure(.tooLate))
        }
        return isPumping || isPumpingAlone || !waiting.isEmpty
    }
}
