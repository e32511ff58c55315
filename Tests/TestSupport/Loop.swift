import EventLoop
import Glibc

/// Runs a test's body on the event loop, which one thread runs for all tests of the process.
public func onLoop<Result: Sendable>(
    _ body: @escaping @EventLoop @Sendable () async throws -> Result
) async throws -> Result {
    _ = loopThread
    return try await Task(executorPreference: EventLoop.shared.executor, operation: body).value
}

/// Looks again and again, for 20 s at most, whether something has come true.
@EventLoop
public func eventually(_ condition: @EventLoop () async throws -> Bool) async throws -> Bool {
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end {
        if try await condition() { return true }
        await EventLoop.sleep(for: .milliseconds(20))
    }
    return false
}

private let loopThread: pthread_t = {
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in runLoop() }, nil)
    return thread
}()

private func runLoop() -> UnsafeMutableRawPointer? {
    EventLoop.run { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    return nil
}

/// Runs all bodies at once on the loop, so that what they queue lies there together; returns when all are done.
@EventLoop
public func concurrently(_ bodies: [@EventLoop () async -> Void]) async {
    await withCheckedContinuation { continuation in
        var left = bodies.count
        for body in bodies {
            EventLoop.start {
                await body()
                left -= 1
                if left == 0 { continuation.resume() }
            }
        }
    }
}
