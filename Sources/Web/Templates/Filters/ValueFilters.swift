extension Filter {
    static let valueFilters: [Filter] = [
        Filter("add", .required) { value, argument, _ in add(value, argument ?? .none) },
        Filter("default", .required) { value, argument, _ in value.isTrue ? value : argument ?? .none },
        Filter("default_if_none", .required) { value, argument, _ in value.isNone ? argument ?? .none : value },
        Filter("pluralize", .optional) { value, argument, _ in
            .string(pluralSuffix(value, argument?.description ?? "s"))
        },
        Filter("yesno", .optional) { value, argument, _ in
            let choices = (argument?.description ?? "yes,no,maybe").parts(separatedBy: ",")
            guard choices.count >= 2 else { return value }
            if value.isNone { return .string(choices.count == 3 ? choices[2] : choices[1]) }
            return .string(value.isTrue ? choices[0] : choices[1])
        },
    ]

    /// Numbers, and texts that are numbers, are summed; other texts and lists are joined.
    private static func add(_ value: TemplateValue, _ argument: TemplateValue) -> TemplateValue {
        if let left = value.asInteger, let right = argument.asInteger {
            let (sum, overflow) = left.addingReportingOverflow(right)
            return overflow ? .string("") : .int(sum)
        }
        switch (value, argument) {
        case (.safe(let left), .safe(let right)): return .safe(left + right)
        case (.list(let left), .list(let right)): return .list(left + right)
        case (.double(let left), .double(let right)): return .double(left + right)
        default:
            guard let left = value.text, let right = argument.text else { return .string("") }
            return .string(left + right)
        }
    }

    private static func pluralSuffix(_ value: TemplateValue, _ argument: String) -> String {
        let suffixes = argument.parts(separatedBy: ",")
        guard suffixes.count <= 2, let plural = suffixes.last else { return "" }
        let singular = suffixes.count == 2 ? suffixes[0] : ""
        if let number = value.asDouble { return number == 1 ? singular : plural }
        guard value.text == nil, let elements = value.elements else { return "" }
        return elements.count == 1 ? singular : plural
    }
}
