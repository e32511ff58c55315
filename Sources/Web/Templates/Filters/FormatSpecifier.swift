import Glibc

/// Python's `%` format of one value, without the `%`: `s`, `05d`, `-10s`, `.2f`.
struct FormatSpecifier {
    private var alignsLeft = false
    private var fillsWithZeros = false
    private var sign = ""
    private let width: Int
    private let precision: Int?
    private let conversion: UInt8

    /// Nil where it is none of these, or the width or precision is over 1,000.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        flags: while let flag = rest.first {
            switch flag {
            case UInt8(ascii: "-"): alignsLeft = true
            case UInt8(ascii: "0"): fillsWithZeros = true
            case UInt8(ascii: "+"): sign = "+"
            case UInt8(ascii: " "): sign = sign.isEmpty ? " " : sign
            default: break flags
            }
            rest.removeFirst()
        }
        func number(_ rest: inout ArraySlice<UInt8>) -> Int? {
            let digits = rest.prefix { $0.isASCIIDigit }
            rest = rest[digits.endIndex...]
            return digits.isEmpty ? 0 : Int(String(decoding: digits, as: UTF8.self))
        }
        guard let width = number(&rest), width <= 1000 else { return nil }
        self.width = width
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard let precision = number(&rest), precision <= 1000 else { return nil }
            self.precision = precision
        } else {
            precision = nil
        }
        guard rest.count == 1, let conversion = rest.first, "sdif".utf8.contains(conversion) else { return nil }
        self.conversion = conversion
    }

    /// The formatted value; nil where it does not suit the conversion.
    func format(_ value: TemplateValue) -> String? {
        if conversion == UInt8(ascii: "s") {
            let text = value.description
            return padded(precision.map { String(text.unicodeScalars.prefix($0)) } ?? text, sign: "", isNumber: false)
        }
        guard value.text == nil else { return nil }
        guard conversion != UInt8(ascii: "f") else {
            return value.asDouble.map { padded(Self.fixed($0, precision ?? 6), sign: sign, isNumber: true) }
        }
        guard let number = value.asInteger else { return nil }
        let digits = String(number.magnitude)
        let zeros = String(repeating: "0", count: max(0, (precision ?? 0) - digits.count))
        return padded((number < 0 ? "-" : "") + zeros + digits, sign: sign, isNumber: true)
    }

    /// C's `%.*f`.
    private static func fixed(_ number: Double, _ precision: Int) -> String {
        String(unsafeUninitializedCapacity: 1400) { buffer in
            withVaList([CInt(precision), number]) { arguments in
                buffer.withMemoryRebound(to: CChar.self) { buffer in
                    max(0, Int(vsnprintf(buffer.baseAddress, buffer.count, "%.*f", arguments)))
                }
            }
        }
    }

    private func padded(_ text: String, sign: String, isNumber: Bool) -> String {
        let isNegative = text.utf8.first == UInt8(ascii: "-") && isNumber
        let digits = isNegative ? String(text.utf8.dropFirst()) ?? "" : text
        let prefix = isNegative ? "-" : isNumber ? sign : ""
        let missing = max(0, width - prefix.unicodeScalars.count - digits.unicodeScalars.count)
        if alignsLeft { return prefix + digits + String(repeating: " ", count: missing) }
        if fillsWithZeros, isNumber { return prefix + String(repeating: "0", count: missing) + digits }
        return String(repeating: " ", count: missing) + prefix + digits
    }
}
