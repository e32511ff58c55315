import DjangoFormat

@testable import Sessions

/// Counts what a real store is asked for, and lets another come first with a key.
final class CountingStore: SessionStore {
    private let store: any SessionStore
    private(set) var loads = 0
    private(set) var writes = 0
    /// How many of the next new keys somebody else takes before they are created here.
    var keysToTake = 0

    init(_ store: any SessionStore) { self.store = store }

    var keyIsData: Bool { store.keyIsData }

    func exists(_ key: String) async throws(SessionStoreError) -> Bool { try await store.exists(key) }

    func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        loads += 1
        return try await store.load(key, now: now)
    }

    func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        writes += 1
        if keysToTake > 0 {
            keysToTake -= 1
            let other = SessionRecord(data: ["owner": "somebody else"], expireDate: record.expireDate)
            _ = try await store.create(key, other, replacing: nil, now: now)
        }
        return try await store.create(key, record, replacing: oldKey, now: now)
    }

    func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        writes += 1
        return try await store.update(key, record, revision: revision, now: now)
    }

    func delete(_ key: String) async throws(SessionStoreError) {
        writes += 1
        try await store.delete(key)
    }

    func clearExpired(now: Int64) async throws(SessionStoreError) -> Int { try await store.clearExpired(now: now) }
}
