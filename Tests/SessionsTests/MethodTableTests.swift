import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// What each method does to a stored session that was not loaded, and to one that has no key: Django's flags, measured
/// on a real Django.
@Suite("Every method: accessed, modified, loaded")
struct MethodTableTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let accessed: Bool
        let modified: Bool
        let loads: Int
        let call: @EventLoop @Sendable (Session) async throws -> Void

        init(
            _ name: String, _ accessed: Bool, _ modified: Bool, loads: Int,
            _ call: @escaping @EventLoop @Sendable (Session) async throws -> Void
        ) {
            testDescription = name
            (self.accessed, self.modified, self.loads, self.call) = (accessed, modified, loads, call)
        }
    }

    static let rows: [Row] = [
        Row("s[k]", true, false, loads: 1) { session async throws in
            #expect(try await session["present"] == 1)
        },
        Row("s[k] of a missing name", true, false, loads: 1) { session async throws in
            #expect(try await session["missing"] == nil)
        },
        Row("s[k] = v", true, true, loads: 1) { try await $0.set("present", to: 1) },
        Row("del s[k]", true, true, loads: 1) { try await $0.pop("present") },
        Row("del s[k] of a missing name", true, false, loads: 1) { try await $0.pop("missing") },
        Row("has_key", true, false, loads: 1) { session async throws in
            #expect(try await session.hasKey("present"))
        },
        Row("get with a default", true, false, loads: 1) { session async throws in
            #expect(try await session.get("missing", default: 2) == 2)
        },
        Row("get of a Codable value", true, false, loads: 1) { session async throws in
            #expect(try await session.get("present", as: Int.self) == 1)
        },
        Row("pop", true, true, loads: 1) { session async throws in
            #expect(try await session.pop("present") == 1)
        },
        Row("pop with a default", true, false, loads: 1) { session async throws in
            #expect(try await session.pop("missing", default: 2) == 2)
        },
        Row("setdefault", true, false, loads: 1) { session async throws in
            #expect(try await session.setDefault("present", to: 2) == 1)
        },
        Row("setdefault of a missing name", true, true, loads: 1) { session async throws in
            #expect(try await session.setDefault("missing", to: 2) == 2)
        },
        Row("update", true, true, loads: 1) { try await $0.update(["more": 1]) },
        Row("update with nothing", true, true, loads: 1) { try await $0.update([:]) },
        Row("keys", true, false, loads: 1) { session async throws in
            #expect(try await session.keys() == ["present", "testcookie"])
        },
        Row("values", true, false, loads: 1) { session async throws in
            #expect(try await session.values() == [1, "worked"])
        },
        Row("items", true, false, loads: 1) { session async throws in
            #expect(try await session.items().count == 2)
        },
        Row("clear", true, true, loads: 0) { $0.clear() },
        Row("is_empty", false, false, loads: 0) { #expect(!$0.isEmpty) },
        Row("set_test_cookie", true, true, loads: 1) { try await $0.setTestCookie() },
        Row("test_cookie_worked", true, false, loads: 1) { session async throws in
            #expect(try await session.testCookieWorked())
        },
        Row("delete_test_cookie", true, true, loads: 1) { try await $0.deleteTestCookie() },
        Row("encode", false, false, loads: 0) { _ = try $0.encode(["a": 1]) },
        Row("decode", false, false, loads: 0) { #expect($0.decode("") == [:]) },
        Row("get_session_cookie_age", false, false, loads: 0) { #expect($0.getSessionCookieAge() == 1_209_600) },
        Row("get_expiry_age", true, false, loads: 1) { session async throws in
            #expect(try await session.getExpiryAge() == 1_209_600)
        },
        Row("get_expiry_age(expiry=…)", false, false, loads: 0) { #expect($0.getExpiryAge(expiry: .seconds(5)) == 5) },
        Row("get_expiry_age(expiry=None)", false, false, loads: 0) {
            #expect($0.getExpiryAge(expiry: .default) == 1_209_600)
        },
        Row("get_expiry_date", true, false, loads: 1) { session async throws in
            #expect(try await session.getExpiryDate(modification: 0) == 1_209_600_000_000)
        },
        Row("get_expiry_date(expiry=…)", false, false, loads: 0) {
            #expect($0.getExpiryDate(modification: 0, expiry: .seconds(5)) == 5_000_000)
        },
        Row("set_expiry", true, true, loads: 1) { try await $0.setExpiry(.seconds(5)) },
        Row("set_expiry(None) without one", true, false, loads: 1) { try await $0.setExpiry(.default) },
        Row("get_expire_at_browser_close", true, false, loads: 1) { session async throws in
            #expect(try await !session.getExpireAtBrowserClose())
        },
        Row("flush", true, true, loads: 0) {
            try await $0.flush()
            #expect($0.sessionKey == nil)
        },
        Row("cycle_key", true, true, loads: 1) { try await $0.cycleKey() },
        Row("exists", false, false, loads: 0) { session async throws in
            #expect(try await session.exists(session.sessionKey))
        },
        Row("exists(None)", false, false, loads: 0) { session async throws in
            #expect(try await !session.exists(nil))
        },
        Row("create", true, true, loads: 0) { try await $0.create() },
        Row("save", true, false, loads: 1) { try await $0.save() },
        Row("save(must_create=True)", true, false, loads: 0) { session in
            await #expect(throws: SessionStoreError.keyExists) { try await session.save(mustCreate: true) }
        },
        Row("delete", false, false, loads: 0) { try await $0.delete() },
        Row("load", false, false, loads: 1) { session async throws in
            #expect(try await session.load().count == 2)
        },
    ]

    @Test("sets the flags that Django sets, and loads where Django does", arguments: rows)
    func stored(row: Row) async throws {
        try await onLoop {
            let store = CountingStore(MemoryStore())
            let engine = SessionEngine(store: store, codec: testCodec())
            let first = engine.session(nil)
            try await first.update(["present": 1, "testcookie": "worked"])
            try await first.save()
            let session = engine.session(first.sessionKey)
            try await row.call(session)
            #expect(session.accessed == row.accessed)
            #expect(session.modified == row.modified)
            #expect(store.loads == row.loads)
        }
    }

    @Test("a session without a key does no I/O until it is saved")
    func noKey() async throws {
        try await onLoop {
            let store = CountingStore(MemoryStore())
            let engine = SessionEngine(store: store, codec: testCodec())

            let read = engine.session(nil)
            #expect(try await read["missing"] == nil)
            #expect(read.accessed && !read.modified && read.isEmpty)

            let flushed = engine.session(nil)
            try await flushed.flush()
            #expect(flushed.accessed && flushed.modified && flushed.sessionKey == nil)

            let deleted = engine.session(nil)
            try await deleted.delete()
            #expect(!deleted.accessed && !deleted.modified)

            let written = engine.session(nil)
            try await written.set("a", to: 1)
            #expect(!written.isEmpty)
            #expect(store.loads == 0 && store.writes == 0)

            let cycled = engine.session(nil)
            try await cycled.cycleKey()
            #expect(cycled.sessionKey != nil && cycled.modified)

            let saved = engine.session(nil)
            try await saved.save()
            #expect(saved.sessionKey != nil && saved.modified)
            #expect(store.loads == 0 && store.writes == 1)
        }
    }
}
