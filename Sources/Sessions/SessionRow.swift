import DjangoFormat
import Logging

/// The session in its store.
extension Session {
    /// What the store holds under the session's key, without putting it into the dictionary (Django's `load`). Where
    /// that is nothing, the session has no key any more.
    public func load() async throws(SessionStoreError) -> JSONObject {
        switch row {
        case .none: return [:]
        case .reserved: return cache ?? [:]
        case .stored(let key, _): return take(try await engine.store.load(key, now: now), key)
        }
    }

    /// Fills the dictionary with what the caller has read of the session's key in the engine's place, unless it was filled.
    public func fill(with lookup: SessionLookup) {
        guard cache == nil, case .stored(let key, _) = row else { return }
        accessed = true
        cache = take(lookup, key)
    }

    private func take(_ lookup: SessionLookup, _ key: String) -> JSONObject {
        let loaded: LoadedSession
        switch lookup {
        case .found(let session): loaded = session
        case .expired: return lose(key, .expired)
        case .unknown: return lose(key, .refused)
        }
        if let corruption = loaded.corruption { note(corruption, key) }
        row = .stored(key: loaded.newKey ?? key, revision: loaded.revision)
        storedExpireDate = loaded.expireDate == .max ? nil : loaded.expireDate
        if let newKey = loaded.newKey {
            modified = true
            // Django saves the new one, and what is saved was accessed.
            if newKey != key {
                accessed = true
                cache = cache ?? [:]
            }
        }
        return loaded.data
    }

    /// There is no session of that key.
    private func lose(_ key: String, _ event: AuditLog.Event) -> JSONObject {
        engine.audit?.note(event, session: key)
        row = .none
        return [:]
    }

    private func note(_ corruption: SessionCorruption, _ key: String) {
        guard let audit = engine.audit else { return corruption.log() }
        audit.note(.corrupted, session: key, ["reason": .string(corruption.rawValue)])
    }

    /// Whether a session is stored under `key` (Django's `exists`); the key that ``cycleKey()`` has replaced is as good
    /// as gone, and the new one as good as stored.
    public func exists(_ key: String?) async throws(SessionStoreError) -> Bool {
        guard let key else { return false }
        if case .reserved(let new, let old) = row, key == new || key == old { return key == new }
        return try await engine.store.exists(key)
    }

    /// Writes the session to its store (Django's `save`). What is not stored yet gets a new key.
    /// - Parameter mustCreate: whether the session has to be new; its data is not loaded then.
    /// - Returns: false where a session that was only to be renewed has moved or ended meanwhile: it is left at that, and no
    ///   visitor is to be told its key.
    /// - Throws: ``SessionStoreError/keyGone`` where the session was deleted meanwhile, ``SessionStoreError/keyExists``
    ///   where it had to be new and was not.
    @discardableResult
    public func save(mustCreate: Bool = false) async throws(SessionStoreError) -> Bool {
        if mustCreate, cache == nil, !engine.store.keyIsData { cache = [:] }
        let data = try await data()
        let now = now
        let record = record(of: data, now: now)
        switch row {
        case .stored(let key, _) where mustCreate: try await createAnew(record, key: key, now: now)
        case .stored(let key, let revision):
            if let renewal { return try await save(data, with: renewal, from: key, now: now) }
            settle(try await engine.store.update(key, record, revision: revision, now: now), key: key)
        case .none: try await create(record, key: SessionKey.generate(), replacing: nil, now: now)
        case .reserved(let key, let replaced): try await create(record, key: key, replacing: replaced, now: now)
        }
        return true
    }

    private func save(
        _ data: JSONObject, with renewal: (name: JSONString, value: JSONValue), from oldKey: String, now: Int64
    ) async throws(SessionStoreError) -> Bool {
        let before = (row, modified)
        var data = data
        data[renewal.name] = renewal.value
        do throws(SessionStoreError) {
            try await create(
                record(of: data, now: now), key: SessionKey.generate(), replacing: oldKey, mustReplace: true, now: now)
        } catch {
            (row, modified) = before
            guard error == .keyGone, !modified else { throw error }
            return false
        }
        (cache, self.renewal) = (data, nil)
        return true
    }

    /// Stores the data, none where it was not loaded, as a new session under a new key (Django's `create`).
    public func create() async throws(SessionStoreError) {
        // The save makes such a key.
        if engine.store.keyIsData { return modified = true }
        accessed = true
        let data = cache ?? [:]
        cache = data
        let now = now
        var replaced: String?
        if case .reserved(_, let old) = row { replaced = old }
        try await create(record(of: data, now: now), key: SessionKey.generate(), replacing: replaced, now: now)
    }

    /// Deletes the session of `key`, or this one; a missing one is no error (Django's `delete`). Key and data of this
    /// one stay, and it cannot be saved any more.
    public func delete(_ key: String? = nil) async throws(SessionStoreError) {
        if engine.store.keyIsData {
            // Django does not look at the key.
            guard key == nil || key == sessionKey || settings.djangoCompatible else { return }
            row = .none
            cache = [:]
            return modified = true
        }
        guard let key = key ?? sessionKey else { return }
        if case .reserved(key, let replaced) = row {
            if let replaced { try await engine.store.delete(replaced) }
            row = .stored(key: key, revision: nil)
        } else {
            try await engine.store.delete(key)
        }
        engine.metrics.wasDeleted()
    }

    /// Ends the session: data and row go at once, the next save makes a new key (Django's `flush`).
    public func flush() async throws(SessionStoreError) {
        let isLoaded = cache != nil
        clear()
        switch row {
        case .none, .reserved(_, replacing: nil): break
        case .stored(let key, _), .reserved(_, replacing: let key?):
            try await engine.store.delete(key)
            engine.metrics.wasFlushed()
            engine.audit?.note(isLoaded ? .flushed : .flushedUnseen, session: key)
        }
        row = .none
    }

    /// Moves the data to a new key, as a login must (Django's `cycle_key`). The save does it: it creates the new row and
    /// deletes the old one in one step. Where that is gone meanwhile a new one is made all the same: who shows a password
    /// is logged in, also beside another login or a logout.
    public func cycleKey() async throws(SessionStoreError) {
        _ = try await data()
        modified = true
        switch row {
        case .none: row = .reserved(key: SessionKey.generate(), replacing: nil)
        case .stored(let key, _): row = .reserved(key: SessionKey.generate(), replacing: key)
        case .reserved: break
        }
    }

    /// Has the next save move what is stored to a new key with another value in it: what Django's `get_user` does with a
    /// session of an older secret key. Unlike ``cycleKey()`` it makes no session where the old one is gone by then.
    public func renew(setting name: JSONString, to value: JSONValue) { renewal = (name, value) }

    /// Whether the next save is to renew it.
    public var isToBeRenewed: Bool { renewal != nil }

    private func record(of data: JSONObject, now: Int64) -> SessionRecord {
        let expiry = SessionExpiry(of: data, settings)
        return SessionRecord(data: data, expireDate: expiry.date(modification: now, settings))
    }

    private func settle(_ saved: SavedSession, key: String) {
        row = .stored(key: saved.newKey ?? key, revision: saved.revision)
        // The visitor has to be told the key.
        if saved.newKey != nil { modified = true }
    }

    /// Django creates the row under the key that is there, the visitor's word included.
    private func createAnew(_ record: SessionRecord, key: String, now: Int64) async throws(SessionStoreError) {
        if settings.djangoCompatible {
            settle(try await engine.store.create(key, record, replacing: nil, now: now), key: key)
            engine.metrics.wasCreated(replacing: false)
            engine.audit?.note(.created, session: sessionKey)
        } else {
            guard try await !engine.store.exists(key) else { throw .keyExists }
            try await create(record, key: SessionKey.generate(), replacing: nil, now: now)
        }
    }

    /// Tries new keys until one is free; a hundred that are taken mean that the store is at fault.
    /// - Parameter mustReplace: whether it is ``SessionStoreError/keyGone`` where there is nothing to replace.
    private func create(
        _ record: SessionRecord, key: String, replacing oldKey: String?, mustReplace: Bool = false, now: Int64
    ) async throws(SessionStoreError) {
        var (key, oldKey) = (key, oldKey)
        modified = true
        for _ in 0..<100 {
            do throws(SessionStoreError) {
                row = .reserved(key: key, replacing: oldKey)
                settle(try await engine.store.create(key, record, replacing: oldKey, now: now), key: key)
                engine.metrics.wasCreated(replacing: oldKey != nil)
                engine.audit?.note(oldKey == nil ? .created : .cycled, session: sessionKey, from: oldKey)
                return
            } catch {
                switch error {
                case .keyExists: key = SessionKey.generate()
                case .keyGone where !mustReplace: oldKey = nil
                default: throw error
                }
            }
        }
        throw .unavailable("no session key is free")
    }
}

/// The test of whether a browser keeps cookies: set it with one response, ask with the next request.
extension Session {
    /// Django's `TEST_COOKIE_NAME` and `TEST_COOKIE_VALUE`.
    public static let testCookieName: JSONString = "testcookie"
    public static let testCookieValue: JSONValue = "worked"

    /// Django's `set_test_cookie`.
    public func setTestCookie() async throws(SessionStoreError) {
        try await set(Self.testCookieName, to: Self.testCookieValue)
    }

    /// Django's `test_cookie_worked`.
    public func testCookieWorked() async throws(SessionStoreError) -> Bool {
        try await self[Self.testCookieName] == Self.testCookieValue
    }

    /// Django's `delete_test_cookie`; a modification, which Django's async form forgets.
    public func deleteTestCookie() async throws(SessionStoreError) { try await pop(Self.testCookieName) }
}
