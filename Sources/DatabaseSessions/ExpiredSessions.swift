import CoreMetrics
import EventLoop
import PostgreSQL

/// The rows whose time has passed (Django's `clear_expired`).
///
/// They are deleted in batches, each a transaction of its own that passes over rows which somebody holds locked, so that
/// clearing millions of them disturbs nobody.
@EventLoop
public struct ExpiredSessions {
    private let client: PostgresClient
    private let ended = Counter(label: "sessiond_sessions_ended_total", dimensions: [("how", "expired")])

    public init(client: PostgresClient) { self.client = client }

    /// - Parameter now: microseconds since 1970-01-01 UTC.
    public func count(now: Int64) async throws(PostgresError) -> Int {
        let parameters: [Parameter] = [.timestamp(unixTime: now)]
        let deadline = ContinuousClock.now + .seconds(5)
        return Int(try await client.execute(SQL.countExpired, parameters, deadline: deadline).integer(0, 0) ?? 0)
    }

    /// - Parameters:
    ///   - rest: how long it rests after each batch, as a multiple of the time that the batch took, so that others find
    ///     the server free meanwhile.
    ///   - end: no batch is begun after it.
    ///   - goesOn: asked after each batch and its rest, with the number deleted so far.
    /// - Returns: how many were deleted.
    public func clear(
        now: Int64, batch: Int = 10_000, rest: Double = 1.5, until end: ContinuousClock.Instant? = nil,
        goesOn: @EventLoop (Int) -> Bool = { _ in true }
    ) async throws(PostgresError) -> Int {
        var total = 0
        var first: Int64?
        while true {
            let start = ContinuousClock.now
            let parameters: [Parameter] = [
                .timestamp(unixTime: now), .timestamp(unixTime: first), .integer(Int64(batch)),
            ]
            let result = try await client.execute(SQL.clearExpired, parameters, deadline: start + .seconds(5))
            let deleted = Int(clamping: result.integer(0, 0) ?? 0)
            guard deleted > 0 else { return total }
            ended.increment(by: deleted)
            first = result.integer(0, 1).map(PostgresTime.unixTime)
            total += deleted
            let done = ContinuousClock.now
            let pause = deleted < batch ? .zero : (done - start) * rest
            if let end, done + pause >= end { return total }
            if pause > .zero { await EventLoop.sleep(for: pause) }
            guard goesOn(total) else { return total }
        }
    }

    /// Deletes all of them in one statement, which waits for rows that somebody holds locked: Django's way.
    /// - Returns: how many were deleted.
    public func clearAtOnce(now: Int64) async throws(PostgresError) -> Int {
        try await client.execute(SQL.clearExpiredAtOnce, [.timestamp(unixTime: now)]).affected
    }
}
