extension Filter {
    static let numberFilters: [Filter] = [
        Filter("divisibleby", .required) { value, argument, _ throws(Failure) in
            guard let number = value.asInteger, let divisor = argument?.asInteger, divisor != 0 else {
                throw Failure(message: "the value cannot be divided")
            }
            return .bool(divisor == -1 || number % divisor == 0)
        },
        Filter("floatformat", .optional) { value, argument, _ in
            let text = value.description
            guard let number = DecimalText(text) ?? value.asDouble.flatMap({ DecimalText($0.description) }) else {
                return .string("")
            }
            guard let (places, isGrouped) = places(argument) else { return .string(text) }
            guard abs(number.exponent) + number.digits.count <= 200, (-200...200).contains(places) else {
                return .string(text)
            }
            let rounded = number.rounded(places: abs(places), dropsZeros: places <= 0)
            return .safe(isGrouped ? grouped(rounded) : rounded)
        },
    ]

    /// The argument of `floatformat`: places, and with `g` behind them thousands are grouped, but not with `u`, which turns
    /// the ways of the language off.
    private static func places(_ argument: TemplateValue?) -> (places: Int, isGrouped: Bool)? {
        guard let argument else { return (-1, false) }
        let text = argument.text ?? ""
        guard let suffix = ["gu", "ug", "g", "u"].first(where: { text.hasSuffix($0) }) else {
            return argument.asInteger.map { ($0, false) }
        }
        let number = String(text.dropLast(suffix.count))
        return (number.isEmpty ? -1 : TemplateValue.string(number).asInteger).map { ($0, suffix == "g") }
    }

    /// `1234567.5` as `1,234,567.5`.
    private static func grouped(_ number: String) -> String {
        let whole = number.prefix { $0 != "." }
        var result = ""
        for (index, digit) in whole.enumerated() {
            let following = whole.count - index
            if following % 3 == 0, result.last?.isNumber == true { result.append(",") }
            result.append(digit)
        }
        return result + number.dropFirst(whole.count)
    }
}
