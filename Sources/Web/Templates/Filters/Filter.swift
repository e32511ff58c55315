/// A function behind `|` in a template.
struct Filter: Sendable {
    enum Argument {
        case none, optional, required
    }

    /// A value that the filter cannot work on.
    struct Failure: Error {
        let message: String
    }

    typealias Function =
        @Sendable (_ value: TemplateValue, _ argument: TemplateValue?, _ autoescape: Bool) throws(Failure)
        -> TemplateValue

    let name: String
    private let argument: Argument
    /// Whether safe text stays safe (Django's `is_safe`).
    private let keepsSafe: Bool
    private let function: Function

    init(_ name: String, _ argument: Argument = .none, keepsSafe: Bool = false, _ function: @escaping Function) {
        (self.name, self.argument, self.keepsSafe, self.function) = (name, argument, keepsSafe, function)
    }

    /// A filter from text to text (Django's `stringfilter`), which keeps safe text safe unless told otherwise.
    static func text(
        _ name: String, _ argument: Argument = .none, keepsSafe: Bool = true,
        _ function: @escaping @Sendable (String, TemplateValue?) -> String
    ) -> Filter {
        Filter(name, argument) { value, argument, _ in
            let result = function(value.description, argument)
            return keepsSafe && value.isSafe ? .safe(result) : .string(result)
        }
    }

    static func text(
        _ name: String, keepsSafe: Bool = true, _ function: @escaping @Sendable (String) -> String
    ) -> Filter {
        text(name, .none, keepsSafe: keepsSafe) { text, _ in function(text) }
    }

    func takes(argument isGiven: Bool) -> Bool {
        switch argument {
        case .none: !isGiven
        case .optional: true
        case .required: isGiven
        }
    }

    func callAsFunction(
        _ value: TemplateValue, _ argument: TemplateValue?, autoescape: Bool
    ) throws(Failure) -> TemplateValue {
        let result = try function(value, argument, autoescape)
        guard keepsSafe, case .safe = value, case .string(let text) = result else { return result }
        return .safe(text)
    }

    /// Every filter by its name.
    static let named = Dictionary(
        uniqueKeysWithValues: [textFilters, htmlFilters, listFilters, valueFilters, numberFilters].joined()
            .map { ($0.name, $0) })
}

extension TemplateValue {
    /// Whether the printed text is HTML already.
    var isSafe: Bool {
        switch self {
        case .safe, .object: true
        default: false
        }
    }

    /// Python's `int(value)`; nil where Python raises.
    var asInteger: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        case .double(let value): Int(exactly: value.rounded(.towardZero))
        case .string(let text), .safe(let text): Int(String(decoding: Array(text.utf8)[...].trimmed(), as: UTF8.self))
        case .none, .list, .dictionary, .object: nil
        }
    }

    /// Python's `float(value)`; nil where Python raises.
    var asDouble: Double? {
        switch self {
        case .double(let value): value
        case .string(let text), .safe(let text):
            Double(String(decoding: Array(text.utf8)[...].trimmed(), as: UTF8.self))
        default: asInteger.map(Double.init)
        }
    }
}
