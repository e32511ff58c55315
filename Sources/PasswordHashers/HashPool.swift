import CLinux
import DequeModule
import EventLoop
import Glibc
import Synchronization

/// Threads that hash passwords, away from the event loop: a bounded number, each with less of the processor than the loop,
/// and a bounded queue before them.
///
/// A thread lives for as long as there is work, so a worker without logins has none, and none of their memory.
@EventLoop
public final class HashPool {
    private let queue: HashQueue
    private var lastIdentifier = 0

    /// - Parameter threads: how many run at once.
    /// - Parameter waiting: how many more may wait.
    public init(threads: Int, waiting: Int) {
        queue = HashQueue(width: threads, limit: waiting)
    }

    /// Runs `work` on one of the threads. Where the calling task is cancelled while it waits, it is not run.
    /// - Throws: ``HashPoolError``.
    public func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws(HashPoolError) -> Result {
        lastIdentifier += 1
        let (queue, identifier) = (queue, lastIdentifier)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Swift.Result<Result, HashPoolError>, Never>) in
                let job = HashQueue.Job(
                    identifier: identifier, run: { continuation.resume(returning: .success(work())) },
                    fail: { continuation.resume(returning: .failure($0)) })
                if Task.isCancelled { job.fail(.cancelled) } else { queue.add(job) }
            }
        } onCancel: {
            queue.cancel(identifier)
        }
        return try outcome.get()
    }
}

/// Why a password was not looked at.
public enum HashPoolError: Error, CustomStringConvertible {
    /// As many wait as may.
    case queueFull
    /// The system gives no thread.
    case noThread
    /// Nobody waits for the result any longer.
    case cancelled
    /// Nobody knows whether the password is right.
    case failed(HashingError)

    public var description: String {
        switch self {
        case .queueFull: "more logins are waiting for their password's hash than PASSWORD_HASH_QUEUE allows"
        case .noThread: "no thread could be started to hash a password"
        case .cancelled: "nobody waits for this password's hash any longer"
        case .failed(let error): "\(error)"
        }
    }
}

/// What the pool's threads and the loop share.
private final class HashQueue: Sendable {
    struct Job: Sendable {
        let identifier: Int
        let run: @Sendable () -> Void
        let fail: @Sendable (HashPoolError) -> Void
    }

    private struct State {
        var waiting: Deque<Job> = []
        var threads = 0
    }

    private let width: Int
    private let limit: Int
    private let state = Mutex(State())
    private let metrics = HashMetrics()

    init(width: Int, limit: Int) { (self.width, self.limit) = (width, limit) }

    func add(_ job: Job) {
        let error: HashPoolError? = state.withLock { state in
            if state.threads < width {
                if startThread(job) {
                    state.threads += 1
                    return nil
                }
                if state.threads == 0 { return .noThread }
            }
            guard state.waiting.count < limit else { return .queueFull }
            state.waiting.append(job)
            metrics.waiting(state.waiting.count)
            return nil
        }
        guard let error else { return }
        metrics.wasRefused()
        job.fail(error)
    }

    func cancel(_ identifier: Int) {
        let job: Job? = state.withLock { state in
            defer { metrics.waiting(state.waiting.count) }
            return state.waiting.firstIndex { $0.identifier == identifier }.map { state.waiting.remove(at: $0) }
        }
        job?.fail(.cancelled)
    }

    /// Runs a job, and those that wait until none is left.
    private func work(_ first: Job) {
        run(first)
        while let job = next() { run(job) }
    }

    private func run(_ job: Job) {
        let start = ContinuousClock.now
        job.run()
        metrics.ended(after: .now - start)
    }

    private func next() -> Job? {
        state.withLock { state in
            if state.waiting.isEmpty { state.threads -= 1 }
            defer { metrics.waiting(state.waiting.count) }
            return state.waiting.popFirst()
        }
    }

    private func startThread(_ job: Job) -> Bool {
        EventLoop.startThread { [self] in
            pthread_setname_np(pthread_self(), "hash")
            // In Linux this is the thread's alone. A lower priority that the process was given stays: raising it is refused.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
            work(job)
        }
    }
}
