/// A stored session as its engine keeps it: opaque text and the moment at which it ends.
public struct SessionRecord: Sendable, Equatable {
    /// The signed text (Django's `session_data`), ASCII.
    public var data: [UInt8]
    /// Microseconds since 1970-01-01 UTC (Django's `expire_date`).
    public var expireDate: Int64

    public init(data: [UInt8], expireDate: Int64) {
        self.data = data
        self.expireDate = expireDate
    }
}

/// Where sessions are kept: what Django calls a session engine, without the dictionary, which ``Session`` is.
///
/// A missing session is a value, an error is an error. Create is not update: there is no upsert, so a deleted session is
/// never brought back by a late save, and a key that a client made up is never adopted.
public protocol SessionStore: Sendable {
    /// Whether a session is stored under `key`, expired or not.
    func exists(_ key: String) async throws(SessionStoreError) -> Bool

    /// The session that has not expired at `now` (microseconds since 1970).
    func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionRecord?

    /// Stores a new session, and in the same step deletes the one it replaces.
    /// - Throws: ``SessionStoreError/keyExists`` (Django's `CreateError`); nothing has happened then.
    func create(_ key: String, _ record: SessionRecord, replacing oldKey: String?) async throws(SessionStoreError)

    /// Stores a session over the one that was loaded.
    /// - Parameter loaded: its text then, by which a write whose outcome is unknown can be told from another's.
    /// - Throws: ``SessionStoreError/keyGone`` (Django's `UpdateError`).
    func update(
        _ key: String, _ record: SessionRecord, loaded: [UInt8]?
    ) async throws(SessionStoreError)

    /// Deletes the session; a missing one is no error.
    func delete(_ key: String) async throws(SessionStoreError)
}

public enum SessionStoreError: Error, Equatable {
    /// Another session has the key (Django's `CreateError`).
    case keyExists
    /// The session was deleted meanwhile (Django's `UpdateError`).
    case keyGone
    /// The store cannot be reached or did not answer in time; the reason is for the log.
    case unavailable(String)
}
