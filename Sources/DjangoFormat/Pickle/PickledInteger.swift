/// Integers of any size between their decimal text and the little-endian two's complement of Python's pickles.
enum PickledInteger {
    /// The bytes that `JSON.maximumDigits` digits with a sign take at most: log2(10) is less than 3.33 bits.
    private static let maximumSize = JSON.maximumDigits * 333 / 800 + 2

    /// The decimal text; nil where it would have more than `JSON.maximumDigits` digits.
    static func text(_ bytes: Span<UInt8>) -> String? {
        guard bytes.count <= maximumSize else { return nil }
        guard !bytes.isEmpty else { return "0" }
        let isNegative = bytes[bytes.count - 1] >= 0x80
        if bytes.count <= 8 {
            var value: UInt64 = isNegative ? .max : 0
            for index in bytes.indices.reversed() { value = value << 8 | UInt64(bytes[index]) }
            return String(Int64(bitPattern: value))
        }
        var magnitude = [UInt32](repeating: 0, count: (bytes.count + 3) / 4)
        for index in bytes.indices {
            magnitude[index / 4] |= UInt32(isNegative ? ~bytes[index] : bytes[index]) << UInt32(index % 4 * 8)
        }
        if isNegative { multiply(&magnitude, by: 1, adding: 1) }
        let digits = decimal(magnitude)
        guard digits.utf8.count <= JSON.maximumDigits else { return nil }
        return isNegative ? "-" + digits : digits
    }

    /// The fewest bytes that hold the integer of this decimal text.
    static func bytes(_ text: String) -> [UInt8] {
        var magnitude: [UInt32] = []
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        for digit in text.utf8.dropFirst(isNegative ? 1 : 0) {
            multiply(&magnitude, by: 10, adding: UInt32(digit &- UInt8(ascii: "0")))
        }
        // −m is the complement of m − 1.
        if isNegative { subtractOne(from: &magnitude) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(magnitude.count * 4 + 1)
        for limb in magnitude {
            for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: limb >> shift)) }
        }
        while bytes.last == 0 { bytes.removeLast() }
        // The highest bit is the sign.
        if let last = bytes.last, last >= 0x80 { bytes.append(0) }
        if bytes.isEmpty { bytes.append(0) }
        return isNegative ? bytes.map { ~$0 } : bytes
    }

    private static func multiply(_ magnitude: inout [UInt32], by factor: UInt32, adding summand: UInt32) {
        var carry = UInt64(summand)
        for index in magnitude.indices where carry != 0 || factor != 1 {
            carry += UInt64(magnitude[index]) * UInt64(factor)
            magnitude[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        if carry != 0 { magnitude.append(UInt32(truncatingIfNeeded: carry)) }
    }

    private static func subtractOne(from magnitude: inout [UInt32]) {
        for index in magnitude.indices {
            magnitude[index] &-= 1
            if magnitude[index] != .max { return }
        }
    }

    private static func decimal(_ magnitude: [UInt32]) -> String {
        var rest = magnitude
        var groups: [UInt64] = []
        while let last = rest.last {
            guard last != 0 else {
                rest.removeLast()
                continue
            }
            var remainder: UInt64 = 0
            for index in rest.indices.reversed() {
                let part = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(truncatingIfNeeded: part / 1_000_000_000)
                remainder = part % 1_000_000_000
            }
            groups.append(remainder)
        }
        var text = ""
        for (index, group) in groups.reversed().enumerated() {
            let digits = String(group)
            text += index == 0 ? digits : String(repeating: "0", count: 9 - digits.utf8.count) + digits
        }
        return text.isEmpty ? "0" : text
    }
}
