/// A decimal number as its digits: `digits × 10^exponent`.
struct DecimalText {
    private let isNegative: Bool
    let digits: [UInt8]
    let exponent: Int

    /// Reads `-12.5e3`; nil where it is no finite number.
    init?(_ text: String) {
        var rest = Array(text.utf8)[...].trimmed()
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = rest.prefix { $0.isASCIIDigit }
        rest = rest[whole.endIndex...]
        var fraction = rest[..<rest.startIndex]
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix { $0.isASCIIDigit }
            rest = rest[fraction.endIndex...]
        }
        var power = 0
        if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
            guard let value = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), -9_999...9_999 ~= value else {
                return nil
            }
            (power, rest) = (value, [])
        }
        guard rest.isEmpty, whole.count + fraction.count > 0 else { return nil }
        digits = (whole + fraction).map { $0 - UInt8(ascii: "0") }
        exponent = power - fraction.count
    }

    /// All digits without an exponent; nil where that would be very long.
    var positional: String? {
        abs(exponent) + digits.count > 200 ? nil : rounded(places: max(0, -exponent), dropsZeros: false)
    }

    /// The number with that many decimal places, halves rounded away from zero.
    ///
    /// - Parameter dropsZeros: A whole number is written without places.
    func rounded(places: Int, dropsZeros: Bool) -> String {
        let isWhole = exponent >= 0 || digits.suffix(-exponent).allSatisfy { $0 == 0 }
        let places = dropsZeros && isWhole ? 0 : places
        // The digits before the cut, which lies `places` behind the point.
        let kept = digits.count + exponent + places
        var result =
            kept < 0 ? [] : Array(digits.prefix(kept)) + Array(repeating: 0, count: max(0, kept - digits.count))
        if kept >= 0, kept < digits.count, digits[kept] >= 5 { Self.increment(&result) }
        if result.count <= places { result = Array(repeating: 0, count: places + 1 - result.count) + result }
        let significant = result.dropLast(places).drop { $0 == 0 }
        var text = significant.isEmpty ? "0" : significant.map { String($0) }.joined()
        if places > 0 { text += "." + result.suffix(places).map { String($0) }.joined() }
        return isNegative && result.contains { $0 != 0 } ? "-" + text : text
    }

    private static func increment(_ digits: inout [UInt8]) {
        for index in digits.indices.reversed() {
            guard digits[index] == 9 else { return digits[index] += 1 }
            digits[index] = 0
        }
        digits.insert(1, at: 0)
    }
}
