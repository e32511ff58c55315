import CoreMetrics

/// What is counted of one connection to the database.
struct ConnectionMetrics {
    private let seconds: Timer
    private let reconnects: Counter
    private let connections: Gauge

    /// - Parameter role: what the connection is for.
    init(_ role: String) {
        let connection = [("connection", role)]
        seconds = Timer(label: "sessiond_database_seconds", dimensions: connection)
        reconnects = Counter(label: "sessiond_database_reconnects_total", dimensions: connection)
        connections = Gauge(label: "sessiond_database_connections", dimensions: connection)
    }

    /// - Parameter duration: from a statement's sending to its answer.
    func answered(after duration: Duration) {
        seconds.recordNanoseconds(Int64(clamping: duration.attoseconds / 1_000_000_000))
    }

    func connected(again: Bool) {
        connections.record(1)
        if again { reconnects.increment() }
    }

    func disconnected() { connections.record(0) }
}

/// What is counted of a queue before the database.
package struct QueueMetrics: Sendable {
    private let batchSize: Recorder
    private let depth: Gauge

    package init(_ queue: String) {
        batchSize = Recorder(label: "sessiond_batch_size", dimensions: [("queue", queue)])
        depth = Gauge(label: "sessiond_queue_depth", dimensions: [("queue", queue)])
    }

    /// - Parameter depth: how many wait that no statement has taken yet.
    package func waiting(_ depth: Int) { self.depth.record(depth) }

    /// - Parameter size: how many go out in one statement; `depth`: how many are left.
    package func taken(_ size: Int, leaving depth: Int) {
        batchSize.record(size)
        self.depth.record(depth)
    }
}
