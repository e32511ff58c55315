import CoreMetrics

/// What is counted of the threads that hash passwords.
struct HashMetrics: Sendable {
    private let depth = Gauge(label: "sessiond_hash_queue_depth")
    private let refused = Counter(label: "sessiond_hash_refused_total")
    private let seconds = Timer(label: "sessiond_hash_seconds")

    /// - Parameter depth: how many wait for a thread.
    func waiting(_ depth: Int) { self.depth.record(depth) }

    /// No more may wait, or there is no thread.
    func wasRefused() { refused.increment() }

    /// - Parameter duration: how long one was hashed.
    func ended(after duration: Duration) {
        seconds.recordNanoseconds(Int64(clamping: duration.attoseconds / 1_000_000_000))
    }
}
