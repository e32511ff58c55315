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
    ///   - progress: called after each batch with the number deleted so far.
    /// - Returns: how many were deleted.
    public func clear(
        now: Int64, batch: Int = 10_000, rest: Double = 1.5, until end: ContinuousClock.Instant? = nil,
        progress: @EventLoop (Int) -> Void = { _ in }
    ) async throws(PostgresError) -> Int {
        let parameters: [Parameter] = [.timestamp(unixTime: now), .integer(Int64(batch))]
        var total = 0
        while true {
            let start = ContinuousClock.now
            let deleted = try await client.execute(SQL.clearExpired, parameters, deadline: start + .seconds(5)).affected
            guard deleted > 0 else { return total }
            ended.increment(by: deleted)
            total += deleted
            progress(total)
            let done = ContinuousClock.now
            let pause = deleted < batch ? .zero : (done - start) * rest
            if let end, done + pause >= end { return total }
            if pause > .zero { await EventLoop.sleep(for: pause) }
        }
    }

    /// Deletes all of them in one statement, which waits for rows that somebody holds locked: Django's way.
    /// - Returns: how many were deleted.
    public func clearAtOnce(now: Int64) async throws(PostgresError) -> Int {
        try await client.execute(SQL.clearExpiredAtOnce, [.timestamp(unixTime: now)]).affected
    }
}
