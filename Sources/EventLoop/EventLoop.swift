import Glibc

/// One thread, one epoll set, timers: everything that a worker does happens on it, like in nginx's own workers.
///
/// It is a global actor, so `@EventLoop` on a class proves to the compiler that its state is never shared, and nothing
/// is locked. A process calls ``run(_:)`` on the thread that becomes the loop.
@globalActor
public actor EventLoop {
    public static let shared = EventLoop()

    public nonisolated let executor = LoopExecutor()
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    @EventLoop private static let reactor = Reactor(executor: shared.executor)

    public typealias Handler = @EventLoop (Events) -> Void

    /// The monotonic time at which the events being handled were received.
    @EventLoop public static var now: ContinuousClock.Instant { reactor.now }

    /// Calls `handler` when `descriptor` is ready; replaces an earlier handler for it.
    /// - Throws: ``SystemError`` where epoll refuses the descriptor.
    @EventLoop
    public static func watch(
        _ descriptor: Int32, for events: Events, _ handler: @escaping Handler
    ) throws(SystemError) {
        try reactor.watch(descriptor, for: events, handler)
    }

    /// Stops watching; call it before the descriptor is closed.
    @EventLoop
    public static func unwatch(_ descriptor: Int32) { reactor.unwatch(descriptor) }

    /// Runs `action` once `delay` has passed, unless the timer is cancelled before.
    @EventLoop @discardableResult
    public static func schedule(after delay: Duration, _ action: @escaping @EventLoop () -> Void) -> Timer {
        reactor.schedule(Timer(deadline: ContinuousClock.now + delay, action: action))
    }

    /// Suspends the calling task; the loop goes on with others.
    @EventLoop
    public static func sleep(for delay: Duration) async {
        await withCheckedContinuation { continuation in
            _ = schedule(after: delay) { continuation.resume() }
        }
    }

    /// Suspends until `descriptor`, which nothing else watches, is ready.
    /// - Returns: false where `deadline` passed first.
    @EventLoop
    public static func wait(
        for events: Events, on descriptor: Int32, until deadline: ContinuousClock.Instant
    ) async throws(SystemError) -> Bool {
        let outcome = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<Bool, SystemError>, Never>) in
            let timer = schedule(after: deadline - ContinuousClock.now) {
                unwatch(descriptor)
                continuation.resume(returning: .success(false))
            }
            do throws(SystemError) {
                try watch(descriptor, for: events) { _ in
                    timer.cancel()
                    unwatch(descriptor)
                    continuation.resume(returning: .success(true))
                }
            } catch {
                timer.cancel()
                continuation.resume(returning: .failure(error))
            }
        }
        return try outcome.get()
    }

    /// Starts a task, which has nothing of the one that starts it: it may work for others too. It runs when the events at
    /// hand have been handled, so that it sees what all of them did.
    @EventLoop @discardableResult
    public static func start(_ body: @escaping @EventLoop () async -> Void) -> Task<Void, Never> {
        Task.detached(executorPreference: shared.executor, operation: body)
    }

    /// Runs the loop on the calling thread until `body` has returned.
    public nonisolated static func run(_ body: @escaping @EventLoop () async -> Void) {
        shared.executor.adoptThread()
        Task(executorPreference: shared.executor) { @EventLoop in
            start {
                await body()
                reactor.stop()
            }
            reactor.run()
        }
        shared.executor.runLoop()
        shared.executor.releaseThread()
    }
}

/// A system call failed: its name and `errno`.
public struct SystemError: Error, CustomStringConvertible {
    public let call: String
    public let code: Int32

    public init(_ call: String) {
        self.call = call
        self.code = errno
    }

    public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
