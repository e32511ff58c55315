import DjangoFormat

/// Django's cache engine on its local-memory cache (`django.contrib.sessions.backends.cache` with `LocMemCache`): for
/// development with one process, which forgets all sessions when it ends.
public final class MemoryStore: SessionStore {
    private let maximumCount: Int
    private var sessions: [String: SessionRecord] = [:]

    /// - Parameter maximumCount: where there are so many, a third of them, those that end first, makes room.
    public init(maximumCount: Int = 10_000) { self.maximumCount = max(maximumCount, 1) }

    public func exists(_ key: String) async throws(SessionStoreError) -> Bool { sessions[key] != nil }

    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        guard let session = sessions[key] else { return .unknown }
        guard session.expireDate > now else {
            sessions[key] = nil
            return .expired
        }
        return .found(LoadedSession(data: session.data, expireDate: session.expireDate))
    }

    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard sessions[key].map({ $0.expireDate <= now }) ?? true else { throw .keyExists }
        if let oldKey, sessions.removeValue(forKey: oldKey) == nil { throw .keyGone }
        makeRoom(now: now)
        sessions[key] = record
        return SavedSession()
    }

    public func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard let stored = sessions[key], stored.expireDate > now else { throw .keyGone }
        sessions[key] = record
        return SavedSession()
    }

    public func delete(_ key: String) async throws(SessionStoreError) { sessions[key] = nil }

    public func clearExpired(now: Int64) async throws(SessionStoreError) -> Int {
        let count = sessions.count
        sessions = sessions.filter { $0.value.expireDate > now }
        return count - sessions.count
    }

    private func makeRoom(now: Int64) {
        guard sessions.count >= maximumCount else { return }
        let ending = sessions.sorted { $0.value.expireDate < $1.value.expireDate }
        for (key, _) in ending.prefix((maximumCount + 2) / 3) { sessions[key] = nil }
    }
}
