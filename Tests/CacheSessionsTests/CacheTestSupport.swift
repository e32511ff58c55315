@testable import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions
import TestSupport
import Testing

func settings(_ redis: TestRedis) async throws -> CacheSettings {
    CacheSettings(redis: try RedisOptions(await redis.url()))
}

/// A record that ends after so many seconds.
func record(_ data: JSONObject, seconds: Int64 = 600) -> SessionRecord {
    SessionRecord(data: data, expireDate: SessionEngine.systemTime() + seconds * 1_000_000)
}

var now: Int64 { SessionEngine.systemTime() }

extension SessionStore {
    /// The data, nil where there is no session.
    @EventLoop
    func data(_ key: String) async throws(SessionStoreError) -> JSONObject? {
        try await load(key, now: now).session?.data
    }

    @EventLoop
    func create(_ key: String, _ data: JSONObject, replacing oldKey: String? = nil) async throws(SessionStoreError) {
        _ = try await create(key, record(data), replacing: oldKey, now: now)
    }

    @EventLoop
    func update(_ key: String, _ data: JSONObject) async throws(SessionStoreError) {
        _ = try await update(key, record(data), revision: nil, now: now)
    }
}

/// An engine that stops where a test wants to come in between; the work is the real engine's.
@EventLoop
final class InterruptedStore: SessionStore {
    private let store: any SessionStore
    /// Called when the step is done, before its caller knows.
    var afterLoad: (@EventLoop () async throws -> Void)?
    var afterUpdate: (@EventLoop () async throws -> Void)?
    var afterDelete: (@EventLoop () async throws -> Void)?
    /// Whether what has been created or deleted is reported as an error.
    var losesAnswers = false

    init(_ store: any SessionStore) { self.store = store }

    @EventLoop
    func exists(_ key: String) async throws(SessionStoreError) -> Bool { try await store.exists(key) }

    @EventLoop
    func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        let loaded = try await store.load(key, now: now)
        let action = afterLoad
        afterLoad = nil
        await run(action)
        return loaded
    }

    @EventLoop
    func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        let saved = try await store.create(key, record, replacing: oldKey, now: now)
        guard !losesAnswers else { throw .unavailable("the answer was lost") }
        return saved
    }

    @EventLoop
    func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        let saved = try await store.update(key, record, revision: revision, now: now)
        let action = afterUpdate
        afterUpdate = nil
        await run(action)
        return saved
    }

    @EventLoop
    func delete(_ key: String) async throws(SessionStoreError) {
        try await store.delete(key)
        let action = afterDelete
        afterDelete = nil
        await run(action)
        guard !losesAnswers else { throw .unavailable("the answer was lost") }
    }

    @EventLoop
    func clearExpired(now: Int64) async throws(SessionStoreError) -> Int { try await store.clearExpired(now: now) }

    /// Called once: what it does may come here again.
    private func run(_ action: (@EventLoop () async throws -> Void)?) async {
        do { try await action?() } catch { Issue.record(error, "what was to happen meanwhile failed") }
    }
}
