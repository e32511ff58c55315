import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// What Django computes, measured on a real one.
@Suite("Ages and dates")
struct ExpiryTests {
    private static let now: Int64 = 1_700_000_000_250_000

    struct Row: Sendable {
        let stored: JSONValue
        /// From ``ExpiryTests/now``: an age in seconds, a date in microseconds.
        let age: Double
        let after: Int64
        var closes = false
    }

    static let rows: [Row] = [
        Row(stored: nil, age: 1000, after: 1_000_000_000),
        Row(stored: 0, age: 1000, after: 1_000_000_000, closes: true),
        Row(stored: 0.0, age: 1000, after: 1_000_000_000, closes: true),
        Row(stored: 300, age: 300, after: 300_000_000), Row(stored: -10, age: -10, after: -10_000_000),
        Row(stored: 1.5, age: 1.5, after: 1_500_000), Row(stored: true, age: 1, after: 1_000_000),
        Row(stored: false, age: 1000, after: 1_000_000_000, closes: true),
        Row(stored: "2023-11-14T22:13:31.249999+00:00", age: 10, after: 10_999_999),
        Row(stored: "2023-11-14T22:13:20.249999+00:00", age: -1, after: -1),
        Row(stored: "2023-11-15T03:43:30.250000+05:30", age: 10, after: 10_000_000),
        Row(stored: "2023-11-14 22:13:30.25Z", age: 10, after: 10_000_000),
        Row(stored: "", age: 1000, after: 1_000_000_000), Row(stored: "soon", age: 1000, after: 1_000_000_000),
    ]

    @Test("are Django's", arguments: rows)
    func stored(row: Row) async throws {
        try await TestEngine.cache.run(changing: { $0.cookieAge = 1000 }, now: { Self.now }) { engine in
            let session = engine.session(nil)
            try await session.set("_session_expiry", to: row.stored)
            #expect(try await session.getExpiryAge() == row.age)
            #expect(try await session.getExpiryDate() == Self.now + row.after)
            #expect(try await session.getExpireAtBrowserClose() == row.closes)
            #expect(try await session.cookieAge() == (row.closes ? nil : row.age))
            let other = Self.now - 5_000_000
            let isDate = row.stored.string?.hasPrefix("2023") ?? false
            #expect(try await session.getExpiryAge(modification: other) == row.age + (isDate ? 5 : 0))
        }
    }

    @Test("are stored as Django stores them")
    func texts() async throws {
        try await TestEngine.cache.run(now: { Self.now }) { engine in
            let session = engine.session(nil)
            for (expiry, stored) in [
                (SessionExpiry.seconds(300), JSONValue.int(300)), (.seconds(1.5), 1.5), (.seconds(0), 0),
                (.seconds(-1), -1),
                (.duration(.milliseconds(1500)), "2023-11-14T22:13:21.750000+00:00"),
                (.duration(.seconds(-20)), "2023-11-14T22:13:00.250000+00:00"),
                (.date(1_767_323_045_000_000), "2026-01-02T03:04:05+00:00"),
            ] {
                try await session.setExpiry(expiry)
                #expect(try await session["_session_expiry"] == stored)
            }
            try await session.setExpiry(.default)
            #expect(try await session["_session_expiry"] == nil)
        }
    }

    @Test("of another expiry than the session's are computed without loading it")
    func another() async throws {
        try await TestEngine.cache.run(now: { Self.now }) { engine in
            let session = engine.session("12345678")
            #expect(session.getExpiryAge(expiry: .seconds(7)) == 7)
            #expect(session.getExpiryAge(modification: Self.now - 3_000_000, expiry: .date(Self.now)) == 3)
            #expect(session.getExpiryAge(expiry: .duration(.seconds(9))) == 9)
            #expect(session.getExpiryDate(expiry: .duration(.seconds(9))) == Self.now + 9_000_000)
            #expect(session.getExpiryDate(modification: 0, expiry: .default) == 1_209_600_000_000)
            #expect(!session.accessed)
        }
    }

    @Test("past the calendar's ends are its ends")
    func ends() async throws {
        try await TestEngine.cache.run { engine in
            let session = engine.session(nil)
            let (first, last): (Int64, Int64) = (-62_135_596_800_000_000, 253_402_300_799_999_999)
            for (expiry, date) in [
                (SessionExpiry.seconds(.max), last), (.seconds(.min), first), (.seconds(1e300), last),
                (.duration(.seconds(Int64.max)), last), (.duration(.seconds(Int64.min)), first), (.date(.max), last),
                (.date(.min), first),
            ] {
                #expect(session.getExpiryDate(expiry: expiry) == date)
                let saved = engine.session(nil)
                try await saved.setExpiry(expiry)
                _ = try await saved.getExpiryAge()
                try await saved.save()
            }
            #expect(session.getExpiryAge(expiry: .seconds(.nan)) == 1_209_600)
        }
    }
}
