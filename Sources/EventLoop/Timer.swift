import HeapModule

/// An action that the event loop runs later; ``cancel()`` takes it back.
@EventLoop
public final class Timer {
    let deadline: ContinuousClock.Instant
    private var action: (@EventLoop () -> Void)?

    init(deadline: ContinuousClock.Instant, action: @escaping @EventLoop () -> Void) {
        self.deadline = deadline
        self.action = action
    }

    public func cancel() { action = nil }

    var isCancelled: Bool { action == nil }

    func fire() {
        let action = action
        self.action = nil
        action?()
    }
}

/// The timers of a loop, the nearest first. Cancelled ones stay, inert, until their time comes or they are too many.
struct TimerQueue {
    private struct Entry: Comparable {
        let deadline: ContinuousClock.Instant
        let timer: Timer
        static func < (a: Entry, b: Entry) -> Bool { a.deadline < b.deadline }
        static func == (a: Entry, b: Entry) -> Bool { a.deadline == b.deadline }
    }

    private var heap = Heap<Entry>()
    var count: Int { heap.count }
    /// How many there may be before the cancelled ones are sorted out: twice as many as were left the last time.
    private var room = 1024

    @EventLoop
    mutating func insert(_ timer: Timer) {
        if heap.count >= room {
            heap = Heap(heap.unordered.filter { !$0.timer.isCancelled })
            room = max(1024, heap.count * 2)
        }
        heap.insert(Entry(deadline: timer.deadline, timer: timer))
    }

    /// What epoll_wait(2) takes: −1 where nothing is planned, rounded up so that a timer is due when it returns.
    func millisecondsUntilNext() -> Int32 {
        guard let next = heap.min else { return -1 }
        let (seconds, attoseconds) = (next.deadline - ContinuousClock.now).components
        if seconds < 0 || attoseconds < 0 { return 0 }
        return Int32(clamping: min(seconds, 3600) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }

    mutating func popDue(at now: ContinuousClock.Instant) -> Timer? {
        guard let next = heap.min, next.deadline <= now else { return nil }
        return heap.popMin()?.timer
    }
}
