import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// Django's `SessionTestsMixin`, by its names; a name stands for its `_async` twin too. Each engine keeps all of it.
@Suite("The contract of every engine: the dictionary")
struct DictionaryContract {
    @Test("new session", arguments: TestEngine.all)
    func newSession(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            #expect(!session.modified)
            #expect(!session.accessed)
        }
    }

    @Test("get empty", arguments: TestEngine.all)
    func getEmpty(engine: TestEngine) async throws {
        try await engine.run { engine async throws in
            let session = engine.session(nil)
            #expect(try await session["cat"] == nil)
            #expect(try await session.get("cat", default: "none") == "none")
        }
    }

    @Test("store", arguments: TestEngine.all)
    func store(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("cat", to: "dog")
            #expect(session.modified)
            #expect(try await session.pop("cat") == "dog")
        }
    }

    @Test("pop", arguments: TestEngine.all)
    func pop(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("some key", to: "exists")
            (session.accessed, session.modified) = (false, false)
            #expect(try await session.pop("some key") == "exists")
            #expect(session.accessed)
            #expect(session.modified)
            #expect(try await session["some key"] == nil)
        }
    }

    @Test("pop default", arguments: TestEngine.all)
    func popDefault(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            #expect(try await session.pop("some key", default: "does not exist") == "does not exist")
            #expect(session.accessed)
            #expect(!session.modified)
            try await session.set("some key", to: nil)
            #expect(try await session.pop("some key", default: "does not exist") == .null)
        }
    }

    /// Django's KeyError is a nil here.
    @Test("pop no default keyerror raised", arguments: TestEngine.all)
    func popNoDefaultKeyErrorRaised(engine: TestEngine) async throws {
        try await engine.run { engine async throws in
            let session = engine.session(nil)
            #expect(try await session.pop("some key") == nil)
            #expect(session.accessed)
            #expect(!session.modified)
        }
    }

    @Test("setdefault", arguments: TestEngine.all)
    func setDefault(engine: TestEngine) async throws {
        try await engine.run { engine async throws in
            let session = engine.session(nil)
            #expect(try await session.setDefault("foo", to: "bar") == "bar")
            #expect(try await session.setDefault("foo", to: "baz") == "bar")
            #expect(session.accessed)
            #expect(session.modified)
        }
    }

    @Test("update", arguments: TestEngine.all)
    func update(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.update(["update key": 1])
            #expect(session.accessed)
            #expect(session.modified)
            #expect(try await session["update key"] == 1)
        }
    }

    @Test("has key", arguments: TestEngine.all)
    func hasKey(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("some key", to: 1)
            (session.accessed, session.modified) = (false, false)
            #expect(try await session.hasKey("some key"))
            #expect(try await !session.hasKey("another key"))
            #expect(session.accessed)
            #expect(!session.modified)
        }
    }

    @Test("values", arguments: TestEngine.all)
    func values(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            #expect(try await session.values() == [])
            #expect(session.accessed)
            try await session.set("some key", to: 1)
            (session.accessed, session.modified) = (false, false)
            #expect(try await session.values() == [1])
            #expect(session.accessed)
            #expect(!session.modified)
        }
    }

    @Test("keys", arguments: TestEngine.all)
    func keys(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("x", to: 1)
            (session.accessed, session.modified) = (false, false)
            #expect(try await session.keys() == ["x"])
            #expect(session.accessed)
            #expect(!session.modified)
        }
    }

    @Test("items", arguments: TestEngine.all)
    func items(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("x", to: 1)
            (session.accessed, session.modified) = (false, false)
            #expect(try await session.items() == ["x": 1])
            #expect(session.accessed)
            #expect(!session.modified)
        }
    }

    @Test("clear", arguments: TestEngine.all)
    func clear(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("x", to: 1)
            (session.accessed, session.modified) = (false, false)
            #expect(try await session.items() == ["x": 1])
            session.clear()
            #expect(try await session.items() == [:])
            #expect(session.accessed)
            #expect(session.modified)
        }
    }

    @Test("test cookie", arguments: TestEngine.all)
    func testCookie(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            #expect(try await !session.hasKey(Session.testCookieName))
            try await session.setTestCookie()
            #expect(session.modified)
            #expect(try await session.testCookieWorked())
            session.modified = false
            try await session.deleteTestCookie()
            #expect(session.modified)
            #expect(try await !session.hasKey(Session.testCookieName))
            #expect(try await !session.testCookieWorked())
        }
    }

    @Test("is empty", arguments: TestEngine.all)
    func isEmpty(engine: TestEngine) async throws {
        try await engine.run { engine in #expect(engine.session(nil).isEmpty) }
    }

    @Test("session key empty string invalid", arguments: TestEngine.all)
    func sessionKeyEmptyStringInvalid(engine: TestEngine) async throws {
        try await engine.run { engine in #expect(engine.session("").sessionKey == nil) }
    }

    @Test("session key too short invalid", arguments: TestEngine.all)
    func sessionKeyTooShortInvalid(engine: TestEngine) async throws {
        try await engine.run { engine in #expect(engine.session("1234567").sessionKey == nil) }
    }

    @Test("session key valid string saved", arguments: TestEngine.all)
    func sessionKeyValidStringSaved(engine: TestEngine) async throws {
        try await engine.run { engine in #expect(engine.session("12345678").sessionKey == "12345678") }
    }

    @Test("decode", arguments: TestEngine.all)
    func decode(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            let data: JSONObject = ["a test key": "a test value"]
            let text = try session.encode(data)
            #expect(session.decode(text) == data)
            #expect(!session.accessed && !session.modified)
        }
    }

    @Test("decode failure logged to security")
    func decodeFailureLoggedToSecurity() async throws {
        // The log is a process's.
        let process = await #expect(
            processExitsWith: .success, observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            let engine = SessionEngine(store: MemoryStore(), codec: testCodec())
            for text in ["Zmxhc2tkajphbGtkamY=", "bad:encoded:value"] {
                precondition(engine.session(nil).decode(text) == [:])
            }
        }
        let output = (process?.standardErrorContent ?? []) + (process?.standardOutputContent ?? [])
        let lines = output.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        let warnings = lines.filter {
            $0.contains("warning") && $0.contains("django.security.SuspiciousSession")
                && $0.hasSuffix("Session data corrupted")
        }
        #expect(warnings.count == 2)
    }

    @Test("decode serializer exception", arguments: TestEngine.all)
    func decodeSerializerException(engine: TestEngine) async throws {
        try await engine.run { engine in
            let signer = TimestampSigner(secretKey: testSecretKey, salt: TimestampSigner.sessionSalt)
            let signed = signer.sign(payload: Array("invalid data".utf8), at: 1_700_000_000)
            #expect(engine.session(nil).decode(String(decoding: signed, as: UTF8.self)) == [:])
        }
    }
}
