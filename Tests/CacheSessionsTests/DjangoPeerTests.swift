@testable import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Glibc
import Logging
import Sessions
import TestSupport
import Testing

/// The interpreter with Django, nil where Tests/run has not named it.
private let python = getenv("SESSIOND_TEST_PYTHON").map { String(cString: $0) }

/// A real Django on the same Redis, database and directory.
@EventLoop
private struct DjangoPeer {
    let redis: TestRedis
    let database: TestDatabase
    let directory: TemporaryDirectory
    let process: TestProcess
    let engineName: JSONValue
    let engine: SessionEngine
    private let end: () -> Void

    init(engine name: String) async throws {
        redis = try await TestRedis()
        database = try await TestDatabase()
        engineName = .string(name)
        let script =
            String(#filePath.dropLast("CacheSessionsTests/DjangoPeerTests.swift".count)) + "Parity/session_peer.py"
        directory = try TemporaryDirectory()
        process = try TestProcess([try #require(python), script, redis.url(), database.url, directory.path])
        (engine, end) = try await Self.makeEngine(name, testCodec(), redis, database, directory)
    }

    /// An engine of ours, and how it is closed.
    static func makeEngine(
        _ name: String, _ codec: SessionCodec, _ redis: TestRedis, _ database: TestDatabase,
        _ directory: TemporaryDirectory
    ) async throws -> (SessionEngine, () -> Void) {
        let logger = Logger(label: "test")
        let rows = try DatabaseStore(database: database.url, codec: codec, logger: logger)
        switch name {
        case "cache":
            let store = CacheStore(try await settings(redis), logger: logger)
            return (SessionEngine(store: store, codec: codec), { store.close() })
        case "cached_db":
            let store = CachedDatabaseStore(database: rows, try await settings(redis), logger: logger)
            let close = {
                store.close()
                rows.close()
            }
            return (SessionEngine(store: store, codec: codec), close)
        case "file":
            let store = try FileStore(directory: directory.path, codec: codec, settings: SessionSettings())
            return (SessionEngine(store: store, codec: codec), {})
        default:
            return (SessionEngine(store: rows, codec: codec), { rows.close() })
        }
    }

    func close() {
        end()
        process.end()
        directory.remove()
    }

    /// Has Django do something, and waits for it.
    func django(_ action: String, _ key: String? = nil, _ more: JSONObject = [:]) async throws -> JSONObject {
        var order: JSONObject = ["do": .string(action), "engine": engineName]
        if let key { order["key"] = .string(key) }
        order.merge(more) { _, new in new }
        process.write(line: try JSON.encode(.object(order)))
        let answer = try JSON.decode(try #require(try await process.readLine()))
        return try #require(answer.object)
    }

    /// What Django finds under the key; nil where there is no session.
    func djangoFinds(_ key: String) async throws -> JSONValue? {
        let answer = try await django("load", key)
        return answer["key"] == .string(key) ? answer["data"] : nil
    }
}

private let engines = ["db", "file", "cache", "cached_db"]

@Suite(
    "Beside a real Django on one store", .enabled(if: python != nil, "SESSIOND_TEST_PYTHON names no Python with Django")
)
struct DjangoPeerTests {
    private func with(
        _ engine: String, _ body: @escaping @EventLoop @Sendable (DjangoPeer) async throws -> Void
    ) async throws {
        try await onLoop {
            let peer = try await DjangoPeer(engine: engine)
            try await body(peer)
            peer.close()
        }
    }

    @Test("1,000 sessions of ours are read, changed, moved and ended by Django", arguments: engines)
    func fromHere(engine: String) async throws {
        try await with(engine) { peer in
            for number in 0..<1000 {
                let data: JSONObject = [
                    "n": .int(number), "name": "é😀\u{0}", "list": [1.5, nil, true], "_session_expiry": 3600,
                ]
                let key = try await peer.engine.stored(data)
                #expect(try await peer.djangoFinds(key) == .object(data))
                #expect(try await peer.django("update", key, ["data": ["by": "Django"]])["gone"] == false)
                let session = peer.engine.session(key)
                #expect(try await session["by"] == "Django")
                try await session.set("again", to: .int(number))
                try await session.save()
                #expect(try await peer.djangoFinds(key)?.object?["again"] == .int(number))
                switch number % 3 {
                case 0:
                    _ = try await peer.django("flush", key)
                    #expect(try await peer.engine.session(key).items().isEmpty)
                    await #expect(throws: SessionStoreError.keyGone) { try await session.save() }
                    #expect(try await peer.djangoFinds(key) == nil)
                case 1:
                    try await peer.engine.session(key).flush()
                    #expect(try await peer.djangoFinds(key) == nil)
                default:
                    let moved = try #require(try await peer.django("cycle", key)["key"]?.string)
                    #expect(try await peer.engine.session(key).items().isEmpty)
                    #expect(try await peer.engine.session(moved)["by"] == "Django")
                }
            }
        }
    }

    @Test("1,000 sessions of Django's are read, changed, moved and ended here", arguments: engines)
    func fromDjango(engine: String) async throws {
        try await with(engine) { peer in
            for number in 0..<1000 {
                let data: JSONObject = ["n": .int(number), "text": "\u{1F600}\u{E9}", "nested": ["a": [[:], []]]]
                let key = try #require(try await peer.django("create", nil, ["data": .object(data)])["key"]?.string)
                let session = peer.engine.session(key)
                #expect(try await session.items() == data)
                try await session.set("by", to: "Swift")
                try await session.save()
                #expect(try await peer.djangoFinds(key)?.object?["by"] == "Swift")
                switch number % 3 {
                case 0:
                    try await session.flush()
                    #expect(try await peer.djangoFinds(key) == nil)
                case 1:
                    try await session.cycleKey()
                    try await session.save()
                    let moved = try #require(session.sessionKey)
                    #expect(moved != key)
                    #expect(try await peer.djangoFinds(key) == nil)
                    #expect(try await peer.djangoFinds(moved)?.object?["by"] == "Swift")
                default:
                    _ = try await peer.django("flush", key)
                    #expect(try await peer.engine.session(key).items().isEmpty)
                }
            }
        }
    }

    @Test("An expiry in the past that either side sets counts on the other at once", arguments: engines)
    func expiry(engine: String) async throws {
        try await with(engine) { peer in
            for number in 0..<50 {
                let key = try await peer.engine.stored(["n": .int(number)])
                _ = try await peer.django("expire", key)
                #expect(try await peer.engine.session(key).items().isEmpty)

                let session = peer.engine.session(try await peer.engine.stored(["n": .int(number)]))
                try await session.setExpiry(.seconds(-1))
                try await session.save()
                #expect(try await peer.djangoFinds(try #require(session.sessionKey)) == nil)
            }
        }
    }

    @Test("A new SECRET_KEY on either side goes on with the old sessions, and signs anew", arguments: ["db", "file"])
    func rotation(engine: String) async throws {
        try await with(engine) { peer in
            let new = SessionCodec(secretKey: "a new key", fallbacks: [testSecretKey])
            let (rotated, close) = try await DjangoPeer.makeEngine(
                engine, new, peer.redis, peer.database, peer.directory)
            defer { close() }
            // Ours is rotated first: Django accepts the new key only when it has it too.
            let first = try await peer.engine.stored(["n": 1])
            let session = rotated.session(first)
            #expect(try await session["n"] == 1)
            try await session.set("n", to: 2)
            try await session.save()
            #expect(try await peer.djangoFinds(first) == [:])
            _ = try await peer.django("rotate", nil, ["secret": "a new key", "fallbacks": ["test-secret-key"]])
            #expect(try await peer.djangoFinds(first) == ["n": 2])

            // Then Django's: what it signs now, this side reads with the same keys, and not with the old one alone.
            let second = try await peer.engine.stored(["n": 3])
            #expect(try await peer.djangoFinds(second) == ["n": 3])
            #expect(try await peer.django("update", second, ["data": ["n": 4]])["gone"] == false)
            #expect(try await rotated.session(second)["n"] == 4)
            #expect(try await peer.engine.session(second).items().isEmpty)

            // Without the fallback the old key is worth nothing.
            let third = try await peer.engine.stored(["n": 5])
            _ = try await peer.django("rotate", nil, ["secret": "a new key", "fallbacks": []])
            #expect(try await peer.djangoFinds(third) == [:])
        }
    }

    @Test("1,000 signed cookies of either side are read, changed and written back by the other")
    func signedCookies() async throws {
        try await with("signed_cookies") { peer in
            let store = CookieStore(secretKey: testSecretKey, settings: SessionSettings())
            let engine = SessionEngine(store: store, codec: testCodec())
            for number in 0..<1000 {
                let data: JSONObject = ["n": .int(number), "name": "é😀\u{0}", "list": [1.5, nil, true]]
                let session = engine.session(nil)
                try await session.update(data)
                try await session.save()
                let cookie = try #require(session.sessionKey)
                #expect(try await peer.django("load", cookie)["data"] == .object(data))

                let theirs = try #require(
                    try await peer.django("create", nil, ["data": .object(data)])["key"]?.string)
                let read = engine.session(theirs)
                #expect(try await read.items() == data)
                try await read.set("by", to: "Swift")
                try await read.save()
                let back = try await peer.django("load", read.sessionKey)["data"]
                #expect(back?.object?["by"] == "Swift" && back?.object?["n"] == .int(number))
            }
        }
    }

    @Test("What JSON lacks goes through the cache engine in both directions")
    func python() async throws {
        try await with("cache") { peer in
            let zone = try #require(PythonTimeDelta(days: -1, seconds: 61200).flatMap { PythonTimeZone(offset: $0) })
            let date = try #require(PythonDate(year: 2026, month: 2, day: 3))
            let time = try #require(PythonTime(hour: 4, minute: 5, microsecond: 6, isFolded: true, zone: zone))
            let data: JSONObject = [
                "moment": .python(.dateTime(PythonDateTime(date: date, time: time))),
                "tuple": .python(.tuple([1, .python(.bytes([0, 255]))])),
                "keys": .python(.dictionary([1: "one", nil: [.python(.date(date))]])),
            ]
            let pickle = Pickle.encode(.object(data))
                .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            let key = try await peer.engine.stored(data)
            #expect(try await peer.django("load", key, ["pickle": .string(pickle)])["equal"] == true)
            let theirs = try #require(try await peer.django("create", nil, ["pickle": .string(pickle)])["key"]?.string)
            #expect(try await peer.engine.session(theirs).items() == data)
        }
    }
}
