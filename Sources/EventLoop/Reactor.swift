import CLinux
import Glibc

/// What a descriptor is watched for, and what happened to it: the bits of epoll(7).
public struct Events: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let readable = Events(rawValue: EPOLLIN.rawValue)
    public static let writable = Events(rawValue: EPOLLOUT.rawValue)
    /// The peer has closed its side, or all of it.
    public static let closed = Events(rawValue: EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue)
    /// The peer is gone altogether: nobody will read what is sent.
    public static let gone = Events(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
    /// Report a change once, not for as long as it lasts.
    public static let edgeTriggered = Events(rawValue: EPOLLET.rawValue)
    /// Wake one of the processes that watch this listening socket, not all.
    public static let exclusive = Events(rawValue: EPOLLEXCLUSIVE.rawValue)
}

/// The machinery of ``EventLoop``: descriptors, timers, and the turns of the loop.
@EventLoop
final class Reactor {
    private struct Source {
        var generation: UInt32 = 0
        var handler: EventLoop.Handler?
    }

    private let executor: LoopExecutor
    private let epoll: Int32
    /// Indexed by descriptor: the kernel keeps descriptors small.
    private var sources: [Source] = []
    private var timers = TimerQueue()
    private var isRunning = false
    private(set) var now = ContinuousClock.now

    init(executor: LoopExecutor) {
        self.executor = executor
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1: no descriptor is left at start-up")
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u64 = UInt64(UInt32(bitPattern: executor.wakeup))
        epoll_ctl(epoll, EPOLL_CTL_ADD, executor.wakeup, &event)
    }

    func watch(_ descriptor: Int32, for events: Events, _ handler: @escaping EventLoop.Handler) throws(SystemError) {
        let index = Int(descriptor)
        guard index >= 0 else {
            errno = EBADF
            throw SystemError("epoll_ctl")
        }
        while sources.count <= index { sources.append(Source()) }
        let isNew = sources[index].handler == nil
        if isNew { sources[index].generation &+= 1 }
        var event = epoll_event()
        event.events = events.rawValue
        event.data.u64 = UInt64(sources[index].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        guard epoll_ctl(epoll, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) == 0 else {
            throw SystemError("epoll_ctl")
        }
        sources[index].handler = handler
    }

    func unwatch(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard sources.indices.contains(index), sources[index].handler != nil else { return }
        sources[index].handler = nil
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    func schedule(_ timer: Timer) -> Timer {
        timers.insert(timer)
        return timer
    }

    func stop() { isRunning = false }

    func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        isRunning = true
        executor.runJobs()
        while isRunning {
            let timeout = executor.hasJobs ? 0 : timers.millisecondsUntilNext()
            let count = epoll_wait(epoll, &events, Int32(events.count), timeout)
            now = ContinuousClock.now
            for event in events.prefix(Int(max(count, 0))) { dispatch(event) }
            while let timer = timers.popDue(at: now) { timer.fire() }
            executor.runJobs()
        }
    }

    private func dispatch(_ event: epoll_event) {
        let descriptor = Int32(truncatingIfNeeded: event.data.u64)
        if descriptor == executor.wakeup { return executor.drainForeign() }
        let index = Int(descriptor)
        // An event whose descriptor was closed and given out anew within the same batch is dropped.
        guard sources.indices.contains(index), sources[index].generation == UInt32(event.data.u64 >> 32),
            let handler = sources[index].handler
        else { return }
        handler(Events(rawValue: event.events))
    }
}
