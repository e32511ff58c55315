import Testing

@testable import Sessions

@Suite("Dates in _session_expiry")
struct ISODateTests {
    @Test(
        "texts of Python's isoformat are read",
        arguments: [
            ("1970-01-01T00:00:00+00:00", 0), ("2026-01-02T03:04:05+00:00", 1_767_323_045_000_000),
            ("2026-01-02T03:04:05Z", 1_767_323_045_000_000), ("2026-01-02 03:04:05", 1_767_323_045_000_000),
            ("2026-01-02T08:04:05+05:00", 1_767_323_045_000_000),
            ("2026-01-02T03:04:05.000001+00:00", 1_767_323_045_000_001),
            ("2026-01-02T03:04:05.5-00:30", 1_767_324_845_500_000), ("2024-02-29", 1_709_164_800_000_000),
            ("9999-12-31T23:59:59.999999+00:00", 253_402_300_799_999_999),
            ("0001-01-01T00:00:00+00:00", -62_135_596_800_000_000),
        ] as [(String, Int64)])
    func reads(text: String, date: Int64) {
        #expect(ISODate.parse(text) == date)
    }

    @Test(
        "other texts are refused",
        arguments: [
            "", "2026", "2026-13-01", "2026-02-30", "2025-02-29", "2026-01-02T25:00", "2026-01-02T03:04:05+",
            "0000-01-01",
            "2026-01-02T03:04:05Zx", "2026-01-0é",
        ])
    func refuses(text: String) {
        #expect(ISODate.parse(text) == nil)
    }

    @Test("what is written is read as the same date, day by day over leap years and centuries")
    func roundTrip() {
        for day in stride(from: -719_162, to: 2_932_896, by: 97) {
            let date = Int64(day) * 86_400_000_000 + Int64(day & 0xffff)
            #expect(ISODate.parse(ISODate.format(date)) == date)
        }
        #expect(ISODate.format(1_767_323_045_000_000) == "2026-01-02T03:04:05+00:00")
        #expect(ISODate.format(1_767_323_045_000_010) == "2026-01-02T03:04:05.000010+00:00")
    }
}
