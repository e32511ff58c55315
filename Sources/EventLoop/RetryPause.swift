/// The pauses between attempts to reach a server: none before the first, then from 50 ms to 1 s, each twice the last. They
/// differ by up to a quarter, so that processes that lost the same server do not come back to it all at once.
public struct RetryPause: Sendable {
    private var next = Duration.zero

    public init() {}

    /// The pause before the next attempt; the one after it will be longer.
    public mutating func take() -> Duration {
        defer { next = min(max(next * 2, .milliseconds(50)), .seconds(1)) }
        return next * Double.random(in: 0.75...1.25)
    }

    /// The server was of use: the next attempt comes at once.
    public mutating func reset() { next = .zero }
}
