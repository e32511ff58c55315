import Logging

/// Bounds how often one thing is said: ten times in a span of ten seconds. From then on, for as long as it goes on, one line
/// at the end of each span says how often it happened.
///
/// Messages are fixed texts, and what changes from one time to the next stands in the metadata; so there are few of them.
struct LogRepeats {
    /// How often a thing is said in a span, and seconds of a span.
    static let limit = 10
    static let span = 10

    struct Topic: Hashable {
        let logger: String
        let message: String
        let level: Logger.Level

        init(_ record: LogRecord) { (logger, message, level) = (record.logger, record.message, record.level) }
    }

    private struct Count {
        var happened = 0
        /// None is left where the span before had more than enough.
        var allowed = LogRepeats.limit
    }

    private var counts: [Topic: Count] = [:]

    /// Whether there is something whose span must be ended.
    var isEmpty: Bool { counts.isEmpty }

    /// Counts a thing that has happened.
    /// - Returns: whether it is to be said.
    mutating func mayBeSaid(_ topic: Topic) -> Bool {
        var count = counts[topic] ?? Count()
        count.happened += 1
        counts[topic] = count
        return count.happened <= count.allowed
    }

    /// Begins the next span.
    /// - Returns: what was not said in this one, and how often it happened beyond what was said.
    mutating func endSpan() -> [(topic: Topic, times: Int)] {
        let untold = counts.filter { $0.value.happened > $0.value.allowed }
        counts = untold.mapValues { _ in Count(allowed: 0) }
        return untold.map { ($0.key, $0.value.happened - $0.value.allowed) }.sorted { $0.0.message < $1.0.message }
    }
}
