import Sessions
import Synchronization

/// A clock that a test moves on.
public final class TestClock: Sendable {
    private let time: Atomic<Int64>

    /// - Parameter now: microseconds since 1970-01-01 UTC.
    public init(_ now: Int64 = SessionEngine.systemTime()) { time = Atomic(now) }

    public var now: Int64 { time.load(ordering: .relaxed) }

    public func advance(seconds: Int64) { time.add(seconds * 1_000_000, ordering: .relaxed) }
}
