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

    /// - Parameter goesOn: asked after each batch and its rest, with the number deleted so far.
    /// - Returns: how many were deleted.
    public func clear(
        now: Int64, inBatchesOf size: Int = 10_000, pace: Pace = Pace(),
        goesOn: @EventLoop (Int) -> Bool = { _ in true }
    ) async throws(PostgresError) -> Int {
        var first: Int64?
        return try await pace.run(inBatchesOf: size, goesOn: goesOn) { () async throws(PostgresError) in
            let parameters: [Parameter] = [
                .timestamp(unixTime: now), .timestamp(unixTime: first), .integer(Int64(size)),
            ]
            let result = try await client.execute(SQL.clearExpired, parameters, deadline: .now + .seconds(5))
            let deleted = Int(clamping: result.integer(0, 0) ?? 0)
            ended.increment(by: deleted)
            first = result.integer(0, 1).map(PostgresTime.unixTime)
            return deleted
        }
    }

    /// Deletes all of them in one statement, which waits for rows that somebody holds locked: Django's way.
    /// - Returns: how many were deleted.
    public func clearAtOnce(now: Int64) async throws(PostgresError) -> Int {
        let deadline = ContinuousClock.now + .seconds(5)
        return try await client.execute(SQL.clearExpiredAtOnce, [.timestamp(unixTime: now)], deadline: deadline)
            .affected
    }
}
