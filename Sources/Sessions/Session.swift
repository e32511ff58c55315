import DjangoFormat

/// The dictionary that belongs to one visitor (Django's `SessionBase`).
///
/// Making one costs nothing: the first reading loads it and sets ``accessed``, writing sets ``modified``, and the
/// middleware saves it once, when the response is made. It knows no engine.
public final class Session {
    /// Django's `TEST_COOKIE_NAME` and `TEST_COOKIE_VALUE`.
    public static let testCookieName: JSONString = "testcookie"
    public static let testCookieValue: JSONValue = "worked"

    /// Where the session stands in the store.
    private enum Row {
        case none
        /// Under the key that the visitor showed, or that was created; the engine's mark of what lies there, if it has
        /// one.
        case stored(key: String, revision: [UInt8]?)
        /// To be created by the next save, which deletes the row of the key that it replaces.
        case reserved(key: String, replacing: String?)
    }

    public var accessed = false
    public var modified = false

    private let engine: SessionEngine
    private var row: Row
    /// Django's `_session_cache`: absent until something was read or written.
    private var cache: JSONObject?

    init(engine: SessionEngine, key: String?) {
        self.engine = engine
        row = key.map { SessionKey.isValid($0) ? .stored(key: $0, revision: nil) : .none } ?? .none
    }

    /// The key, nil while there is none (Django's `session_key`).
    public var sessionKey: String? {
        switch row {
        case .none: nil
        case .stored(let key, _), .reserved(let key, _): key
        }
    }

    /// Whether there is neither key nor data (Django's `is_empty`); does not load.
    public var isEmpty: Bool { sessionKey == nil && (cache?.isEmpty ?? true) }

    var settings: SessionSettings { engine.settings }
    var now: Int64 { engine.now }

    // MARK: The dictionary

    /// The value stored under `name`, nil where there is none (Django's `get`).
    public subscript(_ name: JSONString) -> JSONValue? {
        get async throws(SessionStoreError) { try await data()[name] }
    }

    /// Stores a value; counts as a modification even where it is equal (Django's `__setitem__`).
    public func set(_ name: JSONString, to value: JSONValue) async throws(SessionStoreError) {
        try await change { $0[name] = value }
    }

    /// Takes a value out; a modification only where there was one (Django's `pop(name, None)`).
    @discardableResult
    public func pop(_ name: JSONString) async throws(SessionStoreError) -> JSONValue? {
        guard try await data()[name] != nil else { return nil }
        return try await change { $0.removeValue(forKey: name) }
    }

    /// Django's `has_key`.
    public func hasKey(_ name: JSONString) async throws(SessionStoreError) -> Bool { try await data()[name] != nil }

    /// The value under `name`, stored first where there was none (Django's `setdefault`).
    public func setDefault(_ name: JSONString, to value: JSONValue) async throws(SessionStoreError) -> JSONValue {
        if let present = try await data()[name] { return present }
        try await set(name, to: value)
        return value
    }

    /// Stores all values of `other` (Django's `update`).
    public func update(_ other: JSONObject) async throws(SessionStoreError) {
        try await change { $0.merge(other) { _, new in new } }
    }

    /// All names and values in their order (Django's `items`).
    public func items() async throws(SessionStoreError) -> JSONObject { try await data() }

    /// Empties the dictionary without loading it; key and row stay (Django's `clear`).
    public func clear() {
        cache = [:]
        accessed = true
        modified = true
    }

    private func change<Result>(
        _ body: (inout JSONObject) -> Result
    ) async throws(SessionStoreError) -> Result {
        var data = try await data()
        modified = true
        cache = nil
        defer { cache = data }
        return body(&data)
    }

    /// Django's `_session`: loads at the first call.
    func data() async throws(SessionStoreError) -> JSONObject {
        accessed = true
        if let cache { return cache }
        let loaded = try await load()
        cache = loaded
        return loaded
    }

    private func load() async throws(SessionStoreError) -> JSONObject {
        guard case .stored(let key, _) = row else { return [:] }
        guard let loaded = try await engine.store.load(key, now: engine.now) else {
            row = .none
            return [:]
        }
        row = .stored(key: loaded.newKey ?? key, revision: loaded.revision)
        if loaded.newKey != nil { modified = true }
        return loaded.data
    }

    // MARK: The text

    /// The data as the signed text that Django keeps (`encode`).
    /// - Throws: ``SessionStoreError/unstorable(_:)`` for a value that is no JSON.
    public func encode(_ data: JSONObject) throws(SessionStoreError) -> String {
        String(decoding: try engine.codec.text(of: data, now: engine.now), as: UTF8.self)
    }

    /// The data of such a text, none of one that is corrupt or not ours (`decode`).
    public func decode(_ text: String) -> JSONObject { engine.codec.data(in: Array(text.utf8)) }

    // MARK: The row

    /// Ends the session: data and row go at once, the next save makes a new key (Django's `flush`).
    public func flush() async throws(SessionStoreError) {
        clear()
        switch row {
        case .none, .reserved(_, replacing: nil): break
        case .stored(let key, _), .reserved(_, replacing: let key?): try await engine.store.delete(key)
        }
        row = .none
    }

    /// Moves the data to a new key, as a login must (Django's `cycle_key`). The save does it: it creates the new row and
    /// deletes the old one in one step, so that there are never two live keys.
    public func cycleKey() async throws(SessionStoreError) {
        _ = try await data()
        modified = true
        switch row {
        case .none: row = .reserved(key: SessionKey.generate(), replacing: nil)
        case .stored(let key, _): row = .reserved(key: SessionKey.generate(), replacing: key)
        case .reserved: break
        }
    }

    /// Writes the session to its store (Django's `save`).
    /// - Throws: ``SessionStoreError/keyGone`` where the row was deleted meanwhile.
    public func save() async throws(SessionStoreError) {
        let data = try await data()
        let now = engine.now
        let record = SessionRecord(data: data, expireDate: expiryDate(of: data, modification: now))
        switch row {
        case .stored(let key, let revision):
            let saved = try await engine.store.update(key, record, revision: revision, now: now)
            settle(saved, key: key)
        case .none: try await create(record, key: SessionKey.generate(), replacing: nil, now: now)
        case .reserved(let key, let replaced): try await create(record, key: key, replacing: replaced, now: now)
        }
    }

    private func settle(_ saved: SavedSession, key: String) {
        row = .stored(key: saved.newKey ?? key, revision: saved.revision)
        // The visitor has to be told the key.
        if saved.newKey != nil { modified = true }
    }

    /// Tries new keys until one is free; a hundred that are taken mean that the store is at fault.
    private func create(
        _ record: SessionRecord, key: String, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) {
        var key = key
        modified = true
        for _ in 0..<100 {
            do throws(SessionStoreError) {
                row = .reserved(key: key, replacing: oldKey)
                return settle(
                    try await engine.store.create(key, record, replacing: oldKey, now: now), key: key)
            } catch {
                guard error == .keyExists else { throw error }
                key = SessionKey.generate()
            }
        }
        throw .unavailable("no session key is free")
    }
}
