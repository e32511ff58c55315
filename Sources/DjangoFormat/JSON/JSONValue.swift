// Clients of JSONObject use the dictionary's own members; they need not import its module themselves.
@_exported import OrderedCollections

/// A value of a JSON text, as Python's `json` has them, and what else a session of Django's cache engines may hold.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(JSONString)
    case array([JSONValue])
    case object(JSONObject)
    /// What JSON lacks; `JSON.decode` never makes one. Apart, so that the common values stay small.
    indirect case python(PythonValue)
}

/// A JSON object in insertion order, as a Python `dict`.
public typealias JSONObject = OrderedDictionary<JSONString, JSONValue>

extension JSONValue {
    public var isNull: Bool { self == .null }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    public var number: JSONNumber? {
        if case .number(let value) = self { value } else { nil }
    }

    /// The value of an integer that fits `Int`; nil for `1.0`.
    public var int: Int? { number?.intValue }

    /// The value of any number.
    public var double: Double? { number?.doubleValue }

    /// The text of a string without lone surrogates.
    public var string: String? {
        if case .string(let value) = self { value.string } else { nil }
    }

    public var array: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    public var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    public static func string(_ text: String) -> JSONValue { .string(JSONString(text)) }
    public static func int(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
    public static func double(_ value: Double) -> JSONValue { .number(JSONNumber(value)) }
}

extension JSONValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    /// A key that stands twice has its last value, as in Python.
    public init(dictionaryLiteral elements: (JSONString, JSONValue)...) {
        self = .object(JSONObject(elements, uniquingKeysWith: { $1 }))
    }
}
