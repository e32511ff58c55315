import CoreMetrics

/// What is counted of the connection to the cache.
struct CacheMetrics {
    private let seconds = Timer(label: "sessiond_cache_seconds")
    private let reconnects = Counter(label: "sessiond_cache_reconnects_total")
    private let connections = Gauge(label: "sessiond_cache_connections")

    /// - Parameter duration: from a command's sending to its answer.
    func answered(after duration: Duration) {
        seconds.recordNanoseconds(Int64(clamping: duration.attoseconds / 1_000_000_000))
    }

    func connected(again: Bool) {
        connections.record(1)
        if again { reconnects.increment() }
    }

    func disconnected() { connections.record(0) }
}
