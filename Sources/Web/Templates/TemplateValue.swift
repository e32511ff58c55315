/// A value that a template can print, compare, loop over or look into.
public enum TemplateValue: Sendable {
    /// Python's `None`.
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    /// Text, escaped when it is printed.
    case string(String)
    /// HTML, printed as it is: Django's `SafeString`.
    case safe(String)
    case list([TemplateValue])
    /// A dictionary; a loop over it goes through its keys in the order of their code points.
    case dictionary([String: TemplateValue])
    /// Something with attributes, such as a form.
    case object(any TemplateObject)

    /// Python's truth: `None`, `False`, zero and whatever is empty are false.
    public var isTrue: Bool {
        switch self {
        case .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let text), .safe(let text): !text.utf8.isEmpty
        case .list(let elements): !elements.isEmpty
        case .dictionary(let entries): !entries.isEmpty
        case .object(let object): object.isTrue
        }
    }

    /// The text of a string, safe or not; nil for all else.
    var text: String? {
        switch self {
        case .string(let text), .safe(let text): text
        default: nil
        }
    }

    /// What a loop goes through; nil where Python says "not iterable".
    var elements: [TemplateValue]? {
        switch self {
        case .string(let text), .safe(let text): text.unicodeScalars.map { .string(String($0)) }
        case .list(let elements): elements
        case .dictionary(let entries): entries.keys.sortedByCodePoint().map { .string($0) }
        case .object(let object): object.elements
        case .none, .bool, .int, .double: nil
        }
    }

    /// Django's lookup behind a dot: key, attribute, index; nil where there is nothing.
    func attribute(_ name: AttributeName) -> TemplateValue? {
        switch self {
        case .dictionary(let entries):
            entries[name.text] ?? entries.method(name.text)
        case .object(let object):
            object.attribute(name) ?? object.elements?.element(name.text)
        case .list(let elements):
            elements.element(name.text)
        case .string(let text), .safe(let text):
            text.unicodeScalars.map { .string(String($0)) }.element(name.text)
        case .none, .bool, .int, .double:
            nil
        }
    }
}

extension [TemplateValue] {
    fileprivate func element(_ name: String) -> TemplateValue? {
        guard let index = Int(name), indices.contains(index) else { return nil }
        return self[index]
    }
}

extension [String: TemplateValue] {
    fileprivate func method(_ name: String) -> TemplateValue? {
        switch name {
        case "items": .list(keys.sortedByCodePoint().map { .list([.string($0), self[$0] ?? .none]) })
        case "keys": .list(keys.sortedByCodePoint().map { .string($0) })
        case "values": .list(keys.sortedByCodePoint().map { self[$0] ?? .none })
        default: nil
        }
    }
}

extension Sequence<String> {
    /// The order of Python's `sorted`: UTF-8 bytes compare as code points do.
    func sortedByCodePoint() -> [String] {
        sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension TemplateValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    public init(stringLiteral text: String) { self = .string(text) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
}

extension TemplateValue: ExpressibleByBooleanLiteral, ExpressibleByNilLiteral {
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(nilLiteral: ()) { self = .none }
}

extension TemplateValue: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
    /// Of a key that stands twice the last value counts, as in Python.
    public init(dictionaryLiteral entries: (String, TemplateValue)...) {
        self = .dictionary(Dictionary(entries) { _, last in last })
    }
}
