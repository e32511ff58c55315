import EventLoop

/// How fast rows are deleted in batches, so that others find the server free meanwhile.
public struct Pace: Sendable {
    private let rest: Double
    private let end: ContinuousClock.Instant?

    /// - Parameters:
    ///   - rest: how long it rests after each batch, as a multiple of the time that the batch took.
    ///   - end: no batch is begun after it.
    public init(rest: Double = 1.5, until end: ContinuousClock.Instant? = nil) { (self.rest, self.end) = (rest, end) }

    /// Deletes until a batch finds nothing.
    ///
    /// - Parameters:
    ///   - goesOn: asked after each batch and its rest, with the number deleted so far.
    ///   - delete: one batch; returns how many it deleted.
    /// - Returns: how many were deleted.
    @EventLoop
    package func run(
        inBatchesOf size: Int, goesOn: @EventLoop (Int) -> Bool,
        _ delete: @EventLoop () async throws(PostgresError) -> Int
    ) async throws(PostgresError) -> Int {
        var total = 0
        if let end, .now >= end { return total }
        while true {
            let start = ContinuousClock.now
            let deleted = try await delete()
            guard deleted > 0 else { return total }
            total += deleted
            let done = ContinuousClock.now
            let pause = deleted < size ? .zero : (done - start) * rest
            if let end, done + pause >= end { return total }
            if pause > .zero { await EventLoop.sleep(for: pause) }
            guard goesOn(total) else { return total }
        }
    }
}
