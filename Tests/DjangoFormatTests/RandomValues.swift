import DjangoFormat
import TestSupport

/// Random session data, the same for the same seed.
struct RandomValues {
    var generator: SplitMix64

    init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
    }

    mutating func object(depth: Int = 0) -> JSONObject {
        var object: JSONObject = [:]
        for _ in 0..<below(depth == 0 ? 8 : 4) { object[string()] = value(depth: depth + 1) }
        return object
    }

    private mutating func value(depth: Int) -> JSONValue {
        switch below(depth < 6 ? 10 : 8) {
        case 0: .null
        case 1: .bool(below(2) == 0)
        case 2: .int(Int(truncatingIfNeeded: generator.next() >> UInt64(below(64))))
        case 3: .number(integer())
        case 4: .double(Double(bitPattern: generator.next()))
        case 5: .double(Double(below(20_000) - 10_000) / 100)
        case 6, 7: .string(string())
        case 8: .array((0..<below(5)).map { _ in value(depth: depth + 1) })
        default: .object(object(depth: depth + 1))
        }
    }

    private mutating func integer() -> JSONNumber {
        let digits = (0...below(60)).map { _ in String(below(9) + 1) }.joined()
        return JSONNumber(text: (below(2) == 0 ? "-" : "") + digits) ?? JSONNumber(0)
    }

    private mutating func string() -> JSONString {
        let limit: UInt16 = [0x20, 0x7F, 0x7F, 0x7F, 0x100, 0x3000, 0xFFFF][below(7)]
        let units = (0..<below(30)).map { _ in
            // Surrogates by themselves and in pairs among all else.
            below(40) == 0
                ? UInt16.random(in: 0xD800...0xDFFF, using: &generator) : .random(in: 0...limit, using: &generator)
        }
        return JSONString(utf16: below(6) == 0 ? Array(repeatElement(units, count: 9).joined()) : units)
    }

    private mutating func below(_ limit: Int) -> Int {
        Int.random(in: 0..<limit, using: &generator)
    }
}
