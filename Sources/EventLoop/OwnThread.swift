import Glibc

extension EventLoop {
    /// Runs what may block on a thread of its own: Swift's are as many as the processors, and each that waits is missed.
    public nonisolated static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { caller in
            let work = Work { caller.resume(returning: body()) }
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            var thread = pthread_t()
            let passed = Unmanaged.passRetained(work)
            guard pthread_create(&thread, &attributes, runWork, passed.toOpaque()) != 0 else { return }
            passed.release()
            // No thread is to be had: one of Swift's must do.
            Task.detached { work.body() }
        }
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runWork(_ passed: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let passed { Unmanaged<Work>.fromOpaque(passed).takeRetainedValue().body() }
    return nil
}
