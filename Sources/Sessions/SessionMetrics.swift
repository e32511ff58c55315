import CoreMetrics

/// What is counted of sessions: how many were made and how many ended, whatever keeps them.
struct SessionMetrics: Sendable {
    private let created = Counter(label: "sessiond_sessions_created_total")
    private let flushed = ended("flushed")
    private let replaced = ended("replaced")
    private let deleted = ended("deleted")

    private static func ended(_ how: String) -> Counter {
        Counter(label: "sessiond_sessions_ended_total", dimensions: [("how", how)])
    }

    /// - Parameter replacing: whether another one went to it.
    func wasCreated(replacing: Bool) {
        created.increment()
        if replacing { replaced.increment() }
    }

    func wasFlushed() { flushed.increment() }
    func wasDeleted() { deleted.increment() }
}
