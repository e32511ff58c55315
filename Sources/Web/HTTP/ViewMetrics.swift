import CoreMetrics
import Synchronization

/// What is counted of the requests that one view has answered: how many, by status, and how long they took.
///
/// It is made when the program starts, so that nothing is looked up by name while it serves.
package final class ViewMetrics: Sendable {
    private let view: String
    private let duration: Timer
    private let answers: Mutex<[(status: Int, count: Counter)]>

    /// - Parameter view: by which it is told from others. Never what a client has sent: each name is kept for good.
    package init(_ view: String) {
        self.view = view
        duration = Timer(label: "sessiond_request_duration_seconds", dimensions: [("view", view)])
        // There from the start, so that the first one is seen as a rise.
        answers = Mutex([200, 500, 503].map { ($0, Self.counter(view, $0)) })
    }

    package func record(status: Int, _ duration: Duration) {
        self.duration.recordNanoseconds(Int64(clamping: duration.attoseconds / 1_000_000_000))
        answers.withLock { answers in
            if let known = answers.first(where: { $0.status == status }) { return known.count.increment() }
            let count = Self.counter(view, status)
            count.increment()
            answers.append((status, count))
        }
    }

    private static func counter(_ view: String, _ status: Int) -> Counter {
        Counter(label: "sessiond_requests_total", dimensions: [("view", view), ("status", String(status))])
    }
}
