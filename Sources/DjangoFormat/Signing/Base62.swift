/// Integers in Django's base 62 (`django.core.signing.b62_encode`): digits, upper case, lower case.
///
///     1700000000 ⟷ 1r31eq
public enum Base62 {
    private static let alphabet = [UInt8]("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    public static func encode(_ number: Int) -> String {
        var output: [UInt8] = []
        append(number, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    static func append(_ number: Int, to output: inout [UInt8]) {
        if number < 0 { output.append(UInt8(ascii: "-")) }
        let start = output.count
        var rest = number.magnitude
        repeat {
            output.append(alphabet[Int(rest % 62)])
            rest /= 62
        } while rest > 0
        output[start...].reverse()
    }

    /// The number that `text` stands for; nil where Django raises an error, and past the range of `Int`.
    public static func decode(_ text: String) -> Int? {
        decode(text.utf8Span.span)
    }

    /// Like Django this takes a lone `-` for zero.
    static func decode(_ text: Span<UInt8>) -> Int? {
        guard !text.isEmpty else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        var number = 0
        for index in (isNegative ? 1 : 0)..<text.count {
            guard let digit = value(of: text[index]) else { return nil }
            let (shifted, overflows) = number.multipliedReportingOverflow(by: 62)
            let (sum, overflowsToo) = shifted.subtractingReportingOverflow(digit)
            guard !overflows, !overflowsToo else { return nil }
            number = sum
        }
        // Counted below zero, where Int reaches one further.
        guard !isNegative else { return number }
        return number == .min ? nil : -number
    }

    private static func value(of digit: UInt8) -> Int? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): Int(digit - UInt8(ascii: "A")) + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): Int(digit - UInt8(ascii: "a")) + 36
        default: nil
        }
    }
}
