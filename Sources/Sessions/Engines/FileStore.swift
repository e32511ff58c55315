import DjangoFormat
import Glibc

/// Django's file engine (`django.contrib.sessions.backends.file`): a file for each session, named by
/// `SESSION_COOKIE_NAME` and the key, in `SESSION_FILE_PATH`. It holds what the database's column would.
///
/// A session ends at its own expiry, counted from the file's last change. Its calls block for as long as the disk takes.
public final class FileStore: SessionStore {
    private let files: SessionFiles
    private let codec: SessionCodec
    private let settings: SessionSettings

    /// - Parameter directory: Django's `SESSION_FILE_PATH`; nil for the system's directory of temporary files.
    /// - Throws: ``InvalidSessionDirectory`` where it is no directory, or not one to write to.
    public init(
        directory: String?, codec: SessionCodec, settings: SessionSettings
    ) throws(InvalidSessionDirectory) {
        let directory = directory ?? Self.temporaryDirectory()
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(directory, W_OK | X_OK) == 0
        else {
            throw InvalidSessionDirectory(path: directory)
        }
        files = SessionFiles(directory: directory, prefix: settings.cookieName)
        self.codec = codec
        self.settings = settings
    }

    public func exists(_ key: String) async throws(SessionStoreError) -> Bool {
        SessionFiles.isValid(key) && files.exists(key)
    }

    public func load(_ key: String, now: Int64) async throws(SessionStoreError) -> SessionLookup {
        guard SessionFiles.isValid(key), let session = try read(key, now: now) else { return .unknown }
        guard hasEnded(session, now: now) else { return .found(session) }
        try files.delete(key)
        return settings.djangoCompatible ? .found(try startAnew(now: now)) : .expired
    }

    public func create(
        _ key: String, _ record: SessionRecord, replacing oldKey: String?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard SessionFiles.isValid(key) else { throw .unstorable("the session's key is no file name") }
        if let oldKey, !SessionFiles.isValid(oldKey) { throw .keyGone }
        try files.create(key, try codec.text(of: record.data, now: now), replacing: oldKey)
        return SavedSession()
    }

    public func update(
        _ key: String, _ record: SessionRecord, revision: [UInt8]?, now: Int64
    ) async throws(SessionStoreError) -> SavedSession {
        guard SessionFiles.isValid(key) else { throw .keyGone }
        try files.update(key, try codec.text(of: record.data, now: now))
        return SavedSession()
    }

    public func delete(_ key: String) async throws(SessionStoreError) {
        if SessionFiles.isValid(key) { try files.delete(key) }
    }

    public func clearExpired(now: Int64) async throws(SessionStoreError) -> Int {
        try clearExpired(now: now) { _ in true }
    }

    /// The same, step by step.
    /// - Parameters:
    ///   - dryRun: whether the files are only counted.
    ///   - progress: called after each with the number so far; returns whether to go on.
    public func clearExpired(
        now: Int64, dryRun: Bool = false, progress: (Int) -> Bool
    ) throws(SessionStoreError) -> Int {
        var count = 0
        try files.forEachKey { key throws(SessionStoreError) in
            guard let session = try read(key, now: now), hasEnded(session, now: now) else { return true }
            guard try dryRun ? true : files.delete(key) else { return true }
            count += 1
            return progress(count)
        }
        return count
    }

    private func read(_ key: String, now: Int64) throws(SessionStoreError) -> LoadedSession? {
        guard let (text, modified) = try files.read(key) else { return nil }
        // Empty while it is being created.
        let (data, corruption) = text.isEmpty ? ([:], nil) : codec.data(in: text)
        let expiry = SessionExpiry(of: data, settings)
        // Django counts an age of the session's own from now, at every look: such a session never ends.
        let start = settings.djangoCompatible && expiry.hasOwnAge ? now : modified
        return LoadedSession(
            data: data, expireDate: expiry.date(modification: start, settings), corruption: corruption)
    }

    private func hasEnded(_ session: LoadedSession, now: Int64) -> Bool {
        let expiry = SessionExpiry(of: session.data, settings)
        if expiry.hasOwnAge {
            // Less than a microsecond is an age too.
            guard settings.djangoCompatible else { return session.expireDate <= now }
            return expiry.age(modification: now, settings) <= 0
        }
        // Django drops the fraction of the last second.
        return session.expireDate - now < 1_000_000
    }

    /// Django's way with a session that has ended: a new one takes its place at once.
    private func startAnew(now: Int64) throws(SessionStoreError) -> LoadedSession {
        let key = SessionKey.generate()
        try files.create(key, try codec.text(of: [:], now: now), replacing: nil)
        let expireDate = SessionExpiry.default.date(modification: now, settings)
        return LoadedSession(data: [:], expireDate: expireDate, newKey: key)
    }

    /// As Python's `tempfile.gettempdir`.
    private static func temporaryDirectory() -> String {
        let named = ["TMPDIR", "TEMP", "TMP"].compactMap { (name: String) in getenv(name).map { String(cString: $0) } }
        let candidates = named + ["/tmp", "/var/tmp", "/usr/tmp"]
        return candidates.first { (path: String) in access(path, W_OK | X_OK) == 0 } ?? "."
    }
}

/// Django's `ImproperlyConfigured` for `SESSION_FILE_PATH`.
public struct InvalidSessionDirectory: Error, CustomStringConvertible {
    let path: String

    public var description: String {
        "the session storage path '\(path)' does not exist or cannot be written; "
            + "set SESSION_FILE_PATH to an existing directory in which session data can be stored"
    }
}
