@testable import DjangoFormat
import Testing

@Suite("Session keys")
struct SessionKeyTests {
    @Test("A new key has 32 characters of its alphabet and never comes twice")
    func generate() {
        let keys = (0..<10_000).map { _ in SessionKey.generate() }
        #expect(Set(keys).count == keys.count)
        #expect(keys.allSatisfy { $0.utf8.count == 32 && SessionKey.isValid($0) && SessionKey.fitsColumn($0) })
    }

    @Test("Each character of an alphabet is drawn equally often", arguments: [2, 36, 62, 200, 256])
    func uniform(size: Int) {
        let alphabet = (0..<size).map { UInt8($0) }
        let draws = 1000 * size
        var counts = [Int](repeating: 0, count: size)
        for byte in RandomText.make(draws, from: RandomText.Alphabet(alphabet)) { counts[Int(byte)] += 1 }
        // Chi-squared has mean size - 1 and variance 2(size - 1); eight deviations never happen by chance.
        let expected = Double(draws) / Double(size)
        let chiSquared = counts.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        #expect(chiSquared < Double(size) + 8 * (2 * Double(size)).squareRoot() + 20)
    }

    @Test(
        "A plausible key has 8 to 40 characters, all of ASCII and none of them NUL",
        arguments: [
            ("", false), ("1234567", false), ("12345678", true), (String(repeating: "a", count: 40), true),
            (String(repeating: "a", count: 41), false), (String(repeating: "a", count: 5000), false),
            ("abcdefgh\0zz", false), ("aaaaaaaa,{", true), (String(repeating: "😀", count: 10), false),
            ("aaaaaaaa\u{E9}", false), ("aaaaaaaae\u{301}", false),
        ])
    func isPlausible(key: String, expected: Bool) {
        #expect((SessionKey.isValid(key) && SessionKey.fitsColumn(key)) == expected)
    }
}
