import Glibc
import Testing

/// Runs a suite's tests on threads of their own, because their clients block, and the pool's threads are few.
struct OwnThreads: SuiteTrait, TestTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadForEachJob()) { try await function() }
    }
}

extension Trait where Self == OwnThreads {
    static var ownThreads: Self { Self() }
}

private final class ThreadForEachJob: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let work = Unmanaged.passRetained(Work(executor: self, job: UnownedJob(job)))
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { argument in runWork(argument) }, work.toOpaque())
        precondition(status == 0, "no thread is left")
        pthread_detach(thread)
    }

    fileprivate final class Work {
        let executor: ThreadForEachJob
        let job: UnownedJob

        init(executor: ThreadForEachJob, job: UnownedJob) {
            self.executor = executor
            self.job = job
        }
    }
}

private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let work = Unmanaged<ThreadForEachJob.Work>.fromOpaque(argument).takeRetainedValue()
    work.job.runSynchronously(on: work.executor.asUnownedTaskExecutor())
    return nil
}
