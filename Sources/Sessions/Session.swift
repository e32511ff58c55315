import DjangoFormat

/// The dictionary that belongs to one visitor (Django's `SessionBase`).
///
/// Making one costs nothing: the first reading loads it and sets ``accessed``, writing sets ``modified``, and the
/// middleware saves it once, when the response is made. It knows no store.
///
/// Every method that may load throws a ``SessionStoreError`` where the store is away: a session that could not be read
/// is never taken for an empty one.
public final class Session {
    /// Where the session stands in the store.
    enum Row {
        case none
        /// Under the key that the visitor showed, or that was created; the engine's mark of what lies there, if it has
        /// one.
        case stored(key: String, revision: [UInt8]?)
        /// To be created by the next save, which deletes the row of the key that it replaces.
        case reserved(key: String, replacing: String?)
    }

    /// Whether the session was read or written; the response varies by cookie then.
    public var accessed = false
    /// Whether the session is to be saved. Set it where a value was changed behind the dictionary's back.
    public var modified = false
    /// When what was loaded ends if nobody changes it, in microseconds since 1970-01-01 UTC; nil where nothing was loaded,
    /// and where the engine does not say, as the caches.
    public internal(set) var storedExpireDate: Int64?

    let engine: SessionEngine
    var row: Row
    /// Django's `_session_cache`: absent until something was read or written.
    var cache: JSONObject?
    /// What the next save is to change in moving the session to a new key.
    var renewal: (name: JSONString, value: JSONValue)?

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
    /// Microseconds since 1970-01-01 UTC, by the clock of the engine.
    public var now: Int64 { engine.now }

    // MARK: Reading

    /// The value under `name`, nil where there is none (Django's `__getitem__` and `get`).
    public subscript(_ name: JSONString) -> JSONValue? {
        get async throws(SessionStoreError) { try await data()[name] }
    }

    /// The value under `name`, `value` where there is none (Django's `get`).
    public func get(_ name: JSONString, default value: JSONValue) async throws(SessionStoreError) -> JSONValue {
        try await data()[name] ?? value
    }

    /// Whether there is a value under `name` (Django's `has_key` and `in`).
    public func hasKey(_ name: JSONString) async throws(SessionStoreError) -> Bool { try await data()[name] != nil }

    /// All names in their order (Django's `keys`).
    public func keys() async throws(SessionStoreError) -> [JSONString] { Array(try await data().keys) }

    /// All values in their order (Django's `values`).
    public func values() async throws(SessionStoreError) -> [JSONValue] { Array(try await data().values) }

    /// All names and values in their order (Django's `items`).
    public func items() async throws(SessionStoreError) -> JSONObject { try await data() }

    // MARK: Writing

    /// Stores a value; counts as a modification even where it is equal (Django's `__setitem__`).
    public func set(_ name: JSONString, to value: JSONValue) async throws(SessionStoreError) {
        try await change { $0[name] = value }
    }

    /// Takes a value out, nil where there was none (Django's `pop` and `del`, where that is a `KeyError`); a
    /// modification only where there was one.
    @discardableResult
    public func pop(_ name: JSONString) async throws(SessionStoreError) -> JSONValue? {
        guard try await data()[name] != nil else { return nil }
        return try await change { $0.removeValue(forKey: name) }
    }

    /// Takes a value out, `value` where there was none (Django's `pop` with a default).
    public func pop(_ name: JSONString, default value: JSONValue) async throws(SessionStoreError) -> JSONValue {
        try await pop(name) ?? value
    }

    /// The value under `name`, stored first where there was none (Django's `setdefault`).
    @discardableResult
    public func setDefault(_ name: JSONString, to value: JSONValue) async throws(SessionStoreError) -> JSONValue {
        if let present = try await data()[name] { return present }
        try await set(name, to: value)
        return value
    }

    /// Stores all values of `other` (Django's `update`); a modification even where there are none.
    public func update(_ other: JSONObject) async throws(SessionStoreError) {
        try await change { $0.merge(other) { _, new in new } }
    }

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
        if case .none = row {
            cache = [:]
            return [:]
        }
        let loaded = try await load()
        cache = loaded
        return loaded
    }

    // MARK: The text

    /// The data as the signed text that Django keeps (`encode`).
    /// - Throws: ``SessionStoreError/unstorable(_:)`` for a value that is no JSON.
    public func encode(_ data: JSONObject) throws(SessionStoreError) -> String {
        String(decoding: try engine.codec.text(of: data, now: now), as: UTF8.self)
    }

    /// The data of such a text, none of one that is corrupt or not ours (`decode`).
    public func decode(_ text: String) -> JSONObject {
        let (data, corruption) = engine.codec.data(in: Array(text.utf8))
        corruption?.log()
        return data
    }
}
