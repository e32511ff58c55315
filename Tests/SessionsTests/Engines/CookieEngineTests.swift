import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// Django's `CookieSessionTests`, and what its engine of signed cookies leaves open.
@Suite("The engine of signed cookies")
struct CookieEngineTests {
    @Test("the key is Django's text")
    func vector() async throws {
        try await TestEngine.signedCookies.run(now: { 1_700_000_000_900_000 }) { engine in
            let key = try await engine.stored()
            #expect(key == "eyJhIjoxfQ:1r31eq:AJu16St_lXmPR35BcDlMtqC8Z-L-JTNezUHSXtss5hs")
            #expect(try await engine.session(key).items() == ["a": 1])
        }
    }

    /// Signed, but no session.
    @Test("unpickling exception", arguments: ["", "x", "W10", ".eJw"])
    func unpicklingException(payload: String) async throws {
        try await TestEngine.signedCookies.run { engine async throws in
            let signer = TimestampSigner(secretKey: testSecretKey, salt: TimestampSigner.signedCookiesSalt)
            let signed = signer.sign(payload: Array(payload.utf8), at: Int(engine.now / 1_000_000))
            let session = engine.session(String(decoding: signed, as: UTF8.self))
            #expect(try await session.items() == [:])
            #expect(session.sessionKey == nil)
        }
    }

    @Test("every save makes a new key, which the visitor has to be told")
    func newKeys() async throws {
        let clock = TestClock()
        try await TestEngine.signedCookies.run(now: { clock.now }) { engine in
            let key = try await engine.stored()
            clock.advance(seconds: 1)
            let session = engine.session(key)
            try await session.save()
            #expect(session.sessionKey != key && session.modified)
            #expect(try await engine.session(session.sessionKey).items() == ["a": 1])
        }
    }

    @Test("a deleted session is empty, without a key, and its cookie goes")
    func deleted() async throws {
        try await TestEngine.signedCookies.run { engine in
            let session = engine.session(try await engine.stored())
            #expect(!session.isEmpty)
            try await session.delete()
            #expect(session.isEmpty && session.modified && session.sessionKey == nil)
            #expect(try await session.items() == [:])
        }
    }

    @Test("a cookie is taken for as long as SESSION_COOKIE_AGE says, and no longer")
    func maximumAge() async throws {
        let clock = TestClock(1_700_000_000_000_000)
        try await TestEngine.signedCookies.run(changing: { $0.cookieAge = 100 }, now: { clock.now }) { engine in
            let key = try await engine.stored()
            clock.advance(seconds: 99)
            #expect(try await engine.session(key)["a"] == 1)
            clock.advance(seconds: 2)
            #expect(try await engine.session(key)["a"] == nil)
        }
    }

    @Test("an expiry of its own ends it sooner, never later", arguments: [true, false])
    func ownExpiry(compatible: Bool) async throws {
        let clock = TestClock(1_700_000_000_000_000)
        try await TestEngine.signedCookies.run(
            changing: {
                $0.cookieAge = 100
                $0.djangoCompatible = compatible
            }, now: { clock.now }
        ) { engine in
            let short = try await engine.stored(["_session_expiry": 10, "a": 1])
            let long = try await engine.stored(["_session_expiry": 1000, "a": 1])
            clock.advance(seconds: 11)
            // Django looks at the age alone.
            #expect(try await engine.session(short).hasKey("a") == compatible)
            #expect(try await engine.session(long).hasKey("a"))
            clock.advance(seconds: 100)
            #expect(try await !engine.session(long).hasKey("a"))
        }
    }

    @Test(
        "a forged cookie is no session; where Django's way is asked for, it becomes a new one",
        arguments: [true, false])
    func forged(compatible: Bool) async throws {
        try await TestEngine.signedCookies.run(changing: { $0.djangoCompatible = compatible }) { engine in
            let other = TimestampSigner(secretKey: "another key", salt: TimestampSigner.signedCookiesSalt)
            let forged = other.sign(payload: Array("eyJhIjoxfQ".utf8), at: Int(engine.now / 1_000_000))
            let ofDatabase = try engine.session(nil).encode(["a": 1])
            for key in [String(decoding: forged, as: UTF8.self), ofDatabase, "garbage garbage"] {
                let session = engine.session(key)
                #expect(!session.isEmpty)
                #expect(try await session.items() == [:])
                #expect(session.isEmpty == !compatible)
                #expect(session.modified == compatible)
                if compatible {
                    try await session.save()
                    #expect(try await engine.session(session.sessionKey).items() == [:])
                }
            }
        }
    }

    @Test("cookies of an older key are taken, and signed anew")
    func rotation() async throws {
        try await onLoop {
            let settings = SessionSettings()
            let old = SessionEngine(
                store: CookieStore(secretKey: "old", settings: settings), codec: testCodec(), settings: settings)
            let new = SessionEngine(
                store: CookieStore(secretKey: "new", fallbacks: ["old"], settings: settings), codec: testCodec(),
                settings: settings)
            let session = new.session(try await old.stored())
            #expect(try await session.items() == ["a": 1])
            try await session.save()
            #expect(try await new.session(session.sessionKey).items() == ["a": 1])
            #expect(try await old.session(session.sessionKey).items() == [:])
        }
    }

    @Test("what does not fit a cookie with its name and attributes is an error that says so")
    func tooLarge() async throws {
        try await TestEngine.signedCookies.run { engine in
            var largest = 0
            for count in 1...4096 {
                let session = engine.session(nil)
                // Text that does not compress.
                try await session.set("a", to: .string(Self.noise(count)))
                do {
                    try await session.save()
                    largest = try #require(session.sessionKey).utf8.count
                } catch let error as SessionStoreError {
                    guard case .unstorable(let reason) = error else { throw error }
                    #expect(reason.contains("does not fit a cookie") && reason.contains("4096"))
                    break
                }
            }
            let attributes =
                "sessionid=; expires=Mon, 07 Dec 2026 02:07:28 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"
            #expect((4080...4096).contains(largest + attributes.utf8.count))
        }
    }

    private static func noise(_ count: Int) -> String {
        var state: UInt64 = 42
        return String(
            decoding: (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(33 + (state >> 33) % 94)
            }, as: UTF8.self)
    }
}
