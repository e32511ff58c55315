import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// The part of Django's `SessionTestsMixin` that is about expiry.
@Suite("The contract of every engine: expiry")
struct ExpiryContract {
    @Test("default expiry", arguments: TestEngine.all)
    func defaultExpiry(engine: TestEngine) async throws {
        try await engine.run(changing: { $0.cookieAge = 1000 }) { engine in
            let session = engine.session(nil)
            #expect(try await session.getExpiryAge() == 1000)
            // An idle time of 0 ends with the browser, but the row has the usual time.
            try await session.setExpiry(.seconds(0))
            #expect(try await session.getExpiryAge() == 1000)
        }
    }

    @Test("custom expiry seconds", arguments: TestEngine.all)
    func customExpirySeconds(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            let modification = engine.now
            try await session.setExpiry(.seconds(10))
            #expect(try await session.getExpiryDate(modification: modification) == modification + 10_000_000)
            #expect(try await session.getExpiryAge(modification: modification) == 10)
        }
    }

    @Test("custom expiry timedelta", arguments: TestEngine.all)
    func customExpiryTimedelta(engine: TestEngine) async throws {
        let modification: Int64 = 1_700_000_000_123_456
        try await engine.run(now: { modification }) { engine in
            let session = engine.session(nil)
            try await session.setExpiry(.duration(.seconds(10)))
            #expect(try await session["_session_expiry"] == "2023-11-14T22:13:30.123456+00:00")
            #expect(try await session.getExpiryDate(modification: modification) == modification + 10_000_000)
            #expect(try await session.getExpiryAge(modification: modification) == 10)
        }
    }

    @Test("custom expiry datetime", arguments: TestEngine.all)
    func customExpiryDatetime(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            let modification = engine.now
            try await session.setExpiry(.date(modification + 10_000_000))
            #expect(try await session.getExpiryDate(modification: modification) == modification + 10_000_000)
            #expect(try await session.getExpiryAge(modification: modification) == 10)
        }
    }

    @Test("custom expiry reset", arguments: TestEngine.all)
    func customExpiryReset(engine: TestEngine) async throws {
        try await engine.run(changing: { $0.cookieAge = 1000 }) { engine in
            let session = engine.session(nil)
            try await session.setExpiry(.default)
            #expect(!session.modified)
            try await session.setExpiry(.seconds(10))
            try await session.setExpiry(.default)
            #expect(try await session.getExpiryAge() == 1000)
        }
    }

    @Test("get expire at browser close", arguments: TestEngine.all, [false, true])
    func getExpireAtBrowserClose(engine: TestEngine, setting: Bool) async throws {
        try await engine.run(changing: { $0.expireAtBrowserClose = setting }) { engine in
            let session = engine.session(nil)
            try await session.setExpiry(.seconds(10))
            #expect(try await !session.getExpireAtBrowserClose())
            try await session.setExpiry(.seconds(0))
            #expect(try await session.getExpireAtBrowserClose())
            try await session.setExpiry(.default)
            #expect(try await session.getExpireAtBrowserClose() == setting)
        }
    }
}
