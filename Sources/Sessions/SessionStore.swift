import DjangoFormat

/// What an engine is given of a session: its data and the moment at which it ends.
public struct SessionRecord: Sendable, Equatable {
    public var data: JSONObject
    /// Microseconds since 1970-01-01 UTC (Django's `expire_date`).
    public var expireDate: Int64

    public init(data: JSONObject, expireDate: Int64) {
        self.data = data
        self.expireDate = expireDate
    }
}

/// A session as its engine found it.
public struct LoadedSession: Sendable, Equatable {
    public var data: JSONObject
    /// Microseconds since 1970-01-01 UTC.
    public var expireDate: Int64
    /// The engine's own mark of what was read, for the next update; nil where it needs none.
    public var revision: [UInt8]?
    /// The key of the new, empty session that the engine has put in place of one that had ended, as some of Django's do;
    /// nil for the session that was asked for.
    public var newKey: String?
    /// Why what is stored counts as no data; nil where it could be read.
    public var corruption: SessionCorruption?

    public init(
        data: JSONObject, expireDate: Int64, revision: [UInt8]? = nil, newKey: String? = nil,
        corruption: SessionCorruption? = nil
    ) {
        self.data = data
        self.expireDate = expireDate
        self.revision = revision
        self.newKey = newKey
        self.corruption = corruption
    }
}

/// Why a stored session cannot be read.
public enum SessionCorruption: String, Sendable {
    /// It was signed with none of our keys.
    case badSignature = "it was not signed with our key"
    /// It is no JSON object.
    case badData = "it is no JSON object"
}

/// What an engine finds under a key.
public enum SessionLookup: Sendable, Equatable {
    case found(LoadedSession)
    /// One whose time has passed, where the engine can tell: others have forgotten it.
    case expired
    case unknown

    /// What was found.
    public var session: LoadedSession? { if case .found(let session) = self { session } else { nil } }
}

/// A session as its engine has kept it.
public struct SavedSession: Sendable, Equatable {
    /// As ``LoadedSession/revision``.
    public var revision: [UInt8]?
    /// The key that the session has now, where it is not the one that was asked for.
    public var newKey: String?

    public init(revision: [UInt8]? = nil, newKey: String? = nil) {
        self.revision = revision
        self.newKey = newKey
    }
}

/// Where sessions are kept: what Django calls a session engine, without the dictionary, which ``Session`` is.
///
/// It takes and gives session data; how the data is written down is its own affair. A missing session is a value, an
/// error is an error. Create is not update: there is no upsert, so a deleted session is never brought back by a late
/// save, and a key that a client made up is never adopted. A key of any length and any characters may be asked for: one
/// that the engine cannot have is unknown. `now` is the caller's clock, in microseconds since 1970-01-01 UTC.
public protocol SessionStore {
    /// Whether the key is the data, and the visitor keeps it: nothing is left of a session whose key is dropped.
    var keyIsData: Bool { get }

    /// Whether a session is stored under `key`, expired or not.
    func exists(_ key: String) async throws(SessionStoreError) -> Bool

    /// The session that has not expired at `now`.
    func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup

    /// Stores a new session, and in the same step deletes the one it replaces.
    /// - Throws: ``SessionStoreError/keyExists`` (Django's `CreateError`), and ``SessionStoreError/keyGone`` where there is
    ///   nothing to replace; nothing has happened then.
    func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession

    /// Stores a session over the one that was loaded.
    /// - Parameter revision: what the engine said when it was loaded or saved last; nil where it was not.
    /// - Throws: ``SessionStoreError/keyGone`` (Django's `UpdateError`).
    func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession

    /// Deletes the session; a missing one is no error.
    func delete(_ key: String) async throws(SessionStoreError)

    /// Deletes the sessions that have expired at `now` (Django's `clear_expired`); nothing where the engine needs no
    /// clearing.
    /// - Returns: how many.
    func clearExpired(now: Int64) async throws(SessionStoreError) -> Int
}

extension SessionStore {
    public var keyIsData: Bool { false }
}

public enum SessionStoreError: Error, Equatable {
    /// Another session has the key (Django's `CreateError`).
    case keyExists
    /// The session was deleted meanwhile (Django's `UpdateError`).
    case keyGone
    /// The store cannot be reached or did not answer in time; the reason is for the log.
    case unavailable(String)
    /// The engine cannot keep this data, now or later; the reason is for the log.
    case unstorable(String)
}

extension SessionStoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .keyExists: "another session has the key"
        case .keyGone: "the session was deleted meanwhile"
        case .unavailable(let reason), .unstorable(let reason): reason
        }
    }
}
