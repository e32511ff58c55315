/// How many attempts to log in are free: so many at once, and each comes back after its share of the time.
public struct LoginLimit: Sendable, Equatable {
    /// How many there are after a rest.
    public let attempts: Int64
    /// Microseconds in which one comes back.
    public let interval: Int64

    /// Reads a setting such as `10/5m`: ten attempts in five minutes. The units are s, m, h and d.
    /// - Returns: nil for anything else, and for more than 100,000 attempts or 30 days.
    public init?(_ text: String) {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")), let unit = text.utf8.last,
            let second = Self.seconds[unit], let attempts = Self.number(text.utf8[..<slash], upTo: 100_000)
        else { return nil }
        let digits = text.utf8[text.utf8.index(after: slash)...].dropLast()
        guard let count = digits.isEmpty ? 1 : Self.number(digits, upTo: 30 * 86_400), count * second <= 30 * 86_400
        else { return nil }
        self.attempts = attempts
        interval = count * second * 1_000_000 / attempts
    }

    private static let seconds: [UInt8: Int64] = [
        UInt8(ascii: "s"): 1, UInt8(ascii: "m"): 60, UInt8(ascii: "h"): 3600, UInt8(ascii: "d"): 86_400,
    ]

    private static func number(_ digits: Substring.UTF8View, upTo limit: Int64) -> Int64? {
        guard digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let number = Int64(String(decoding: digits, as: UTF8.self)), 1...limit ~= number
        else { return nil }
        return number
    }
}
