import CLinux
import Glibc
import Synchronization

/// The executor behind ``EventLoop``: jobs made on the loop's own thread go into a plain array, jobs from any other
/// thread go through a lock and wake the loop.
///
/// It is a task executor too, because a task without that preference hops through the global thread pool each time a
/// continuation of it is resumed.
public final class LoopExecutor: SerialExecutor, TaskExecutor {
    /// Touched on the loop's thread only: `enqueue` compares threads, `runJobs` is called by the loop alone.
    nonisolated(unsafe) private var jobs: [UnownedJob] = []
    nonisolated(unsafe) private var running: [UnownedJob] = []
    private let foreign = Mutex<[UnownedJob]>([])
    private let thread = Atomic<UInt>(0)

    /// An eventfd that is readable while jobs from other threads wait.
    let wakeup: Int32

    init() {
        wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(wakeup >= 0, "eventfd: no descriptor is left at start-up")
    }

    var isOnLoopThread: Bool { thread.load(ordering: .relaxed) == pthread_self() }

    /// Makes the calling thread the loop's thread.
    func adoptThread() {
        let (adopted, _) = thread.compareExchange(
            expected: 0, desired: pthread_self(), ordering: .sequentiallyConsistent)
        precondition(adopted, "the event loop runs already")
    }

    /// Lets another thread run the loop later.
    func releaseThread() { thread.store(0, ordering: .sequentiallyConsistent) }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isOnLoopThread {
            jobs.append(job)
            return
        }
        foreign.withLock { $0.append(job) }
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }

    public func checkIsolated() {
        precondition(isOnLoopThread, "not on the event loop's thread")
    }

    public func isIsolatingCurrentContext() -> Bool? { isOnLoopThread }

    /// Moves the jobs of other threads behind the loop's own.
    func drainForeign() {
        var count: UInt64 = 0
        _ = read(wakeup, &count, 8)
        jobs.append(
            contentsOf: foreign.withLock { waiting in
                defer { waiting.removeAll(keepingCapacity: true) }
                return waiting
            })
    }

    var hasJobs: Bool { !jobs.isEmpty }

    /// Runs the jobs that wait, and those that they make; but jobs that make jobs for ever do not keep the loop from
    /// its events: what is left after a few rounds waits for the next turn.
    func runJobs() {
        for _ in 0..<16 where hasJobs {
            swap(&jobs, &running)
            for job in running { run(job) }
            running.removeAll(keepingCapacity: true)
        }
    }

    /// Runs the job that was made last: the loop itself, within which all others run.
    func runLoop() {
        if let loop = jobs.popLast() { run(loop) }
    }

    /// Both executors are named, or the runtime would take each `await` for a change of executor.
    private func run(_ job: UnownedJob) {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
}
