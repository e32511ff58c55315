import Glibc

extension EventLoop {
    /// Runs what may block on a thread of its own: Swift's are as many as the processors, and each that waits is missed.
    public nonisolated static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { caller in
            let work: @Sendable () -> Void = { caller.resume(returning: body()) }
            // Where no thread is to be had, one of Swift's must do.
            if !startThread(work) { Task.detached { work() } }
        }
    }

    /// Starts a thread with a stack of 512 KiB, which ends with `body`.
    /// - Returns: false where the system gives none.
    package nonisolated static func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, 512 << 10)
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body: body))
        if pthread_create(&thread, &attributes, runWork, work.toOpaque()) == 0 { return true }
        work.release()
        return false
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runWork(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
    return nil
}
