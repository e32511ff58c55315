import DjangoFormat
import Glibc

/// What all sessions of a process share: the store, the codec with its keys, the settings and the clock.
public final class SessionEngine {
    public let settings: SessionSettings
    let store: any SessionStore
    let codec: SessionCodec
    let audit: AuditLog?
    let clock: @Sendable () -> Int64
    let metrics = SessionMetrics()

    /// - Parameters:
    ///   - codec: for ``Session/encode(_:)`` and ``Session/decode(_:)``, which Django has whatever the engine.
    ///   - audit: hears of what becomes of sessions.
    ///   - clock: microseconds since 1970-01-01 UTC; the worker's own, as Django's is.
    public init(
        store: any SessionStore, codec: SessionCodec, settings: SessionSettings = SessionSettings(),
        audit: AuditLog? = nil, clock: @escaping @Sendable () -> Int64 = SessionEngine.systemTime
    ) {
        self.store = store
        self.codec = codec
        self.settings = settings
        self.audit = audit
        self.clock = clock
    }

    /// The session of the request that came with `key`; costs no I/O.
    public func session(_ key: String?) -> Session { Session(engine: self, key: key) }

    /// Deletes the sessions that have expired (Django's `clear_expired`).
    /// - Returns: how many.
    @discardableResult
    public func clearExpired() async throws(SessionStoreError) -> Int { try await store.clearExpired(now: now) }

    /// Microseconds since 1970-01-01 UTC.
    public var now: Int64 { clock() }

    public static let systemTime: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
