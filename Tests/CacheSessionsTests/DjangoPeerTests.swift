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

/// A real Django on the same Redis and database.
@EventLoop
private struct DjangoPeer {
    let redis: TestRedis
    let database: TestDatabase
    let process: TestProcess
    let engineName: JSONValue
    let engine: SessionEngine
    private let end: () -> Void

    init(engine name: String) async throws {
        redis = try await TestRedis()
        database = try await TestDatabase()
        engineName = .string(name)
        let script =
            String(#filePath.dropLast("CacheSessionsTests/DjangoPeerTests.swift".count)) + "Parity/cache_peer.py"
        process = try TestProcess([try #require(python), script, redis.url(), database.url])
        let logger = Logger(label: "test")
        let settings = try await settings(redis)
        if name == "cache" {
            let store = CacheStore(settings, logger: logger)
            engine = SessionEngine(store: store, codec: testCodec())
            end = { store.close() }
        } else {
            let rows = try database.store()
            let store = CachedDatabaseStore(database: rows, settings, logger: logger)
            engine = SessionEngine(store: store, codec: testCodec())
            end = {
                store.close()
                rows.close()
            }
        }
    }

    func close() {
        end()
        process.end()
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

    /// A new session of ours.
    func stored(_ data: JSONObject) async throws -> String {
        let session = engine.session(nil)
        try await session.update(data)
        try await session.save()
        return try #require(session.sessionKey)
    }
}

@Suite(
    "Beside a real Django on one Redis", .enabled(if: python != nil, "SESSIOND_TEST_PYTHON names no Python with Django")
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

    @Test("1,000 sessions of ours are read, changed, moved and ended by Django", arguments: ["cache", "cached_db"])
    func fromHere(engine: String) async throws {
        try await with(engine) { peer in
            for number in 0..<1000 {
                let data: JSONObject = [
                    "n": .int(number), "name": "é😀\u{0}", "list": [1.5, nil, true], "_session_expiry": 3600,
                ]
                let key = try await peer.stored(data)
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

    @Test("1,000 sessions of Django's are read, changed, moved and ended here", arguments: ["cache", "cached_db"])
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
            let key = try await peer.stored(data)
            #expect(try await peer.django("load", key, ["pickle": .string(pickle)])["equal"] == true)
            let theirs = try #require(try await peer.django("create", nil, ["pickle": .string(pickle)])["key"]?.string)
            #expect(try await peer.engine.session(theirs).items() == data)
        }
    }
}
