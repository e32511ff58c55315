import DequeModule
import EventLoop
import PostgreSQL

/// Questions to the database of which many go out as one statement: whoever waits while a statement is in flight goes out
/// in the next one.
///
/// Under load the batch grows by itself; an idle server adds no delay. Each caller gets exactly what it would have got
/// alone: where a batch fails its members are asked one by one, and each gets its own error. Where the connection is lost
/// all are asked again, so a question is one that may be asked twice. Whoever waits past the deadline gets
/// ``PostgresError/connectionLost(_:)``.
///
/// The engine's `LoadQueue` does the same for rows of sessions. It is not this class in a module that both could use,
/// because a generic class is compiled for its types only in its own module, and is slower by a fifth elsewhere.
@EventLoop
final class BatchQueue<Question: Sendable, Answer: Sendable> {
    /// Answers the questions in their order. nil for one of several: it is to be asked alone.
    typealias Ask = @EventLoop ([Question]) async throws(PostgresError) -> [Answer?]

    private struct Asked {
        let question: Question
        let place: Place<Answer, PostgresError>
    }

    private let client: PostgresClient
    private let limit: Duration
    private let batchSize: Int
    private let ask: Ask
    private let metrics: QueueMetrics
    private var waiting: Deque<Asked> = []
    private var inFlight: [Asked] = []
    private var isPumping = false
    private lazy var deadlines = DeadlineWatch(every: limit / 10) { [unowned self] now in expire(now) }

    /// - Parameters:
    ///   - name: by which it is told from others where it is counted.
    ///   - client: the connection that `ask` uses.
    ///   - limit: how long a caller waits at most.
    init(
        _ name: String, client: PostgresClient, limit: Duration, batchSize: Int = 256, ask: @escaping Ask
    ) {
        metrics = QueueMetrics(name)
        (self.client, self.limit, self.batchSize, self.ask) = (client, limit, batchSize, ask)
    }

    func answer(_ question: Question) async throws(PostgresError) -> Answer {
        let answer = await withCheckedContinuation { caller in
            waiting.append(Asked(question: question, place: Place(deadline: .now + limit, caller: caller)))
            metrics.waiting(waiting.count)
            deadlines.arm()
            guard !isPumping else { return }
            isPumping = true
            EventLoop.start { [self] in await pump() }
        }
        return try answer.get()
    }

    private func pump() async {
        while !waiting.isEmpty {
            if !client.isConnected, !(await client.waitUntilConnected()) {
                settleWaiting { _ in .connectionLost("closed") }
                break
            }
            while let asked = waiting.first, inFlight.count < batchSize {
                waiting.removeFirst()
                if !asked.place.isSettled { inFlight.append(asked) }
            }
            metrics.taken(inFlight.count, leaving: waiting.count)
            guard !inFlight.isEmpty else { continue }
            do throws(PostgresError) {
                let answers = try await ask(inFlight.map(\.question))
                // First those that have their answer: one that is asked alone may wait for a row that somebody holds.
                for (asked, answer) in zip(inFlight, answers) {
                    if let answer { asked.place.settle(.success(answer)) }
                }
                for (asked, answer) in zip(inFlight, answers) where answer == nil { await askAlone(asked) }
            } catch {
                await retry(after: error)
            }
            inFlight.removeAll(keepingCapacity: true)
        }
        isPumping = false
    }

    private func retry(after error: PostgresError) async {
        if case .connectionLost = error {
            waiting.prepend(contentsOf: inFlight)
        } else {
            for asked in inFlight { await askAlone(asked) }
        }
    }

    private func askAlone(_ asked: Asked) async {
        guard !asked.place.isSettled else { return }
        do throws(PostgresError) {
            let answer = try await ask([asked.question]).first ?? nil
            asked.place.settle(answer.map { .success($0) } ?? .failure(.connectionLost("the server sent no answer")))
        } catch {
            guard case .connectionLost = error else { return asked.place.settle(.failure(error)) }
            waiting.prepend(asked)
        }
    }

    private func expire(_ now: ContinuousClock.Instant) -> Bool {
        for asked in inFlight where asked.place.deadline <= now { asked.place.settle(.failure(.tooLate)) }
        settleWaiting { $0.deadline <= now ? .tooLate : nil }
        metrics.waiting(waiting.count)
        return isPumping
    }

    /// Settles and forgets the oldest for as long as there is an error for them.
    private func settleWaiting(_ error: (Place<Answer, PostgresError>) -> PostgresError?) {
        while let asked = waiting.first, let error = error(asked.place) {
            waiting.removeFirst()
            asked.place.settle(.failure(error))
        }
    }
}

extension PostgresError {
    /// A caller's deadline has passed.
    static let tooLate = PostgresError.connectionLost("the database did not answer in time")
}
