import CCrypto
import DjangoFormat

/// The parts of an encoded password: between `$`, as bytes.
enum Fields {
    /// Exactly so many parts; the last may hold `$` too, as Python's `split("$", count - 1)` leaves it.
    static func split(_ text: ArraySlice<UInt8>, _ count: Int) -> [ArraySlice<UInt8>]? {
        let fields = text.split(separator: UInt8(ascii: "$"), maxSplits: count - 1, omittingEmptySubsequences: false)
        return fields.count == count ? fields : nil
    }

    /// A number above zero in the one form that Python's `%d` gives it. Django reads others, but then its text differs.
    static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard let first = text.first, first != UInt8(ascii: "0"), text.count <= 18 else { return nil }
        var value = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// The product, or the highest number where it is too large for one.
    static func product(_ factors: Int...) -> Int {
        factors.reduce(1) { product, factor in
            let (value, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? .max : value
        }
    }

    static func base64(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4 + 1) { text, count in
            count = Int(EVP_EncodeBlock(text.baseAddress, bytes, Int32(bytes.count)))
        }
    }

    static func hexadecimal(_ bytes: Span<UInt8>) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return bytes.indices.flatMap { [digits[Int(bytes[$0] >> 4)], digits[Int(bytes[$0] & 15)]] }
    }

    static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool { ConstantTime.equal(left.span, right.span) }
}
