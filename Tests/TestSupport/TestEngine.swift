import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Glibc
import Logging
import Sessions
import Testing

/// A session engine as tests are run on it, each time with a place of its own that is empty.
public struct TestEngine: Sendable, CustomTestStringConvertible {
    public typealias Body = @EventLoop @Sendable (any SessionStore) async throws -> Void

    public let testDescription: String
    private let provide: @EventLoop @Sendable (SessionSettings, Body) async throws -> Void

    /// - Parameter provide: makes the store, calls the body with it and clears away.
    public init(_ name: String, provide: @escaping @EventLoop @Sendable (SessionSettings, Body) async throws -> Void) {
        testDescription = name
        self.provide = provide
    }

    /// Runs a test's body on the event loop.
    /// - Parameter now: the clock of the engine, microseconds since 1970-01-01 UTC.
    public func run(
        changing change: @Sendable (inout SessionSettings) -> Void = { _ in },
        now: @escaping @Sendable () -> Int64 = SessionEngine.systemTime,
        _ body: @escaping @EventLoop @Sendable (SessionEngine) async throws -> Void
    ) async throws {
        var changed = SessionSettings()
        change(&changed)
        try await onLoop { [settings = changed, provide] in
            try await provide(settings) { store in
                try await body(SessionEngine(store: store, codec: testCodec(), settings: settings, clock: now))
            }
        }
    }

    public static let database = TestEngine("db") { settings, body in
        let store = try await TestDatabase().store()
        try await body(store)
        store.close()
    }

    public static let file = TestEngine("file") { settings, body in
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await body(FileStore(directory: directory.path, codec: testCodec(), settings: settings))
    }

    public static let redis = TestEngine("cache on Redis") { settings, body in
        let redis = try await TestRedis()
        let store = CacheStore(try redis.cacheSettings(), logger: Logger(label: "test"))
        try await body(store)
        store.close()
    }

    public static let cachedDatabase = TestEngine("cached_db on Redis") { settings, body in
        let redis = try await TestRedis()
        let database = try await TestDatabase().store()
        let store = CachedDatabaseStore(
            database: database, try redis.cacheSettings(), logger: Logger(label: "test"))
        try await body(store)
        store.close()
        database.close()
    }

    public static let cache = TestEngine("cache in memory") { settings, body in try await body(MemoryStore()) }

    public static let signedCookies = TestEngine("signed_cookies") { settings, body in
        try await body(CookieStore(secretKey: testSecretKey, settings: settings))
    }

    /// Those that go by the clock of their caller, which a test may move on.
    public static let byClock: [TestEngine] = [.database, .file, .cache]

    /// Those that keep sessions on the server's side.
    public static let withStore: [TestEngine] = byClock + [.redis, .cachedDatabase]

    public static let all: [TestEngine] = withStore + [.signedCookies]
}

extension SessionEngine {
    /// The key of a new, stored session.
    @EventLoop
    public func stored(_ data: JSONObject = ["a": 1]) async throws -> String {
        let session = session(nil)
        try await session.update(data)
        try await session.save()
        return try #require(session.sessionKey)
    }
}

public let testSecretKey = "test-secret-key"

/// A codec of its own, because one belongs to one thread of work.
public func testCodec() -> SessionCodec { SessionCodec(secretKey: testSecretKey) }

/// A directory that a test has for itself.
public struct TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        // mkdtemp(3) puts its own characters in the place of the six.
        var name = Array("/tmp/sessiond-test-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw MissingDirectory() }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private struct MissingDirectory: Error {}

    /// The names of all files.
    public var names: [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public func remove() {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }
}

extension TestRedis {
    /// Django's default cache, on this Redis.
    fileprivate func cacheSettings() throws -> CacheSettings {
        CacheSettings(redis: try RedisOptions(url()))
    }
}
