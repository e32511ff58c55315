/// Sees to the deadlines of a queue with one timer, which runs only while somebody waits.
@EventLoop
package final class DeadlineWatch {
    private let interval: Duration
    private let expire: @EventLoop (ContinuousClock.Instant) -> Bool
    private var isArmed = false

    /// - Parameter expire: settles whoever's deadline has passed; returns whether anybody still waits.
    package init(every interval: Duration, expire: @escaping @EventLoop (ContinuousClock.Instant) -> Bool) {
        self.interval = interval
        self.expire = expire
    }

    package func arm() {
        guard !isArmed else { return }
        isArmed = true
        EventLoop.schedule(after: interval) { [weak self] in
            guard let self else { return }
            isArmed = false
            if expire(ContinuousClock.now) { arm() }
        }
    }
}
