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
            guard let places = argument?.asInteger ?? (argument == nil ? -1 : nil) else { return .string(text) }
            guard abs(number.exponent) + number.digits.count <= 200, (-200...200).contains(places) else {
                return .string(text)
            }
            return .safe(number.rounded(places: abs(places), dropsZeros: places <= 0))
        },
    ]
}
