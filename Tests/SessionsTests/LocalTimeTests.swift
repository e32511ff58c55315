import DjangoFormat
import EventLoop
import Glibc
import TestSupport
import Testing

@testable import Sessions

/// `USE_TZ=False`. The time zone is the process's, so each test has a process of its own.
@Suite("Dates without USE_TZ")
struct LocalTimeTests {
    @Test("are written and read in the local time, without an offset")
    func chicago() async {
        await #expect(processExitsWith: .success) {
            setenv("TZ", "America/Chicago", 1)
            for (local, unixTime) in [
                ("2026-01-02T03:04:05.000006", 1_767_344_645_000_006),
                ("2026-07-01T12:00:00", 1_782_925_200_000_000),
                ("1969-12-31T18:00:00", 0),
                ("2100-01-01T00:00:00", 4_102_466_400_000_000),
            ] as [(String, Int64)] {
                #expect(ISODate.format(unixTime, useTZ: false) == local)
                #expect(ISODate.parse(local, useTZ: false) == unixTime)
            }
            #expect(ISODate.parse("2026-07-01T12:00:00+00:00", useTZ: false) == 1_782_907_200_000_000)
            #expect(ISODate.format(1_782_907_200_000_000) == "2026-07-01T12:00:00+00:00")
        }
    }

    @Test("that a clock shows twice or never are taken in standard time")
    func changes() async {
        await #expect(processExitsWith: .success) {
            setenv("TZ", "America/Chicago", 1)
            // 2:30 does not exist on 8 March, 1:30 comes twice on 1 November.
            #expect(ISODate.parse("2026-03-08T02:30:00", useTZ: false) == 1_772_958_600_000_000)
            #expect(ISODate.parse("2026-11-01T01:30:00", useTZ: false) == 1_793_518_200_000_000)
            for hour in -48...48 as ClosedRange<Int64> {
                for change in [1_772_956_800, 1_793_516_400] as [Int64] where hour != -1 {
                    let date = (change + hour * 3600) * 1_000_000
                    #expect(ISODate.parse(ISODate.format(date, useTZ: false), useTZ: false) == date)
                }
            }
        }
    }

    @Test("make sessions end as others do")
    func session() async {
        await #expect(processExitsWith: .success) {
            setenv("TZ", "Asia/Kolkata", 1)
            let clock = TestClock(1_700_000_000_000_000)
            try await TestEngine.cache.run(changing: { $0.useTZ = false }, now: { clock.now }) { engine in
                let session = engine.session(nil)
                try await session.setExpiry(.duration(.seconds(60)))
                #expect(try await session["_session_expiry"] == "2023-11-15T03:44:20")
                #expect(try await session.getExpiryAge() == 60)
                #expect(try await session.getExpiryDate() == clock.now + 60_000_000)
                try await session.save()
                #expect(try await engine.session(session.sessionKey).hasKey("_session_expiry"))
                clock.advance(seconds: 61)
                #expect(try await !engine.session(session.sessionKey).hasKey("_session_expiry"))
            }
        }
    }
}
