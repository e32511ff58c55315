/// A value that Python has and JSON has not, as a session of Django's cache engines may hold it.
///
/// A pickle brings it and takes it back unchanged. JSON takes some of them in another form, as `json.dumps` does.
public enum PythonValue: Hashable, Sendable {
    case tuple([JSONValue])
    case bytes([UInt8])
    case byteArray([UInt8])
    /// A `dict` of which at least one key is no string.
    case dictionary(PythonDictionary)
    case date(PythonDate)
    case time(PythonTime)
    case dateTime(PythonDateTime)
    case timeDelta(PythonTimeDelta)
    case timeZone(PythonTimeZone)

    /// The name of the type in Python's messages.
    public var typeName: String {
        switch self {
        case .tuple: "tuple"
        case .bytes: "bytes"
        case .byteArray: "bytearray"
        case .dictionary: "dict"
        case .date: "date"
        case .time: "time"
        case .dateTime: "datetime"
        case .timeDelta: "timedelta"
        case .timeZone: "timezone"
        }
    }
}

/// A Python `dict` with keys of any type, in insertion order.
public typealias PythonDictionary = OrderedDictionary<JSONValue, JSONValue>

extension JSONValue {
    /// What JSON lacks; nil for all else.
    public var python: PythonValue? {
        if case .python(let value) = self { value } else { nil }
    }

    /// Whether Python takes the value as the key of a `dict`.
    var isHashable: Bool {
        switch self {
        case .null, .bool, .number, .string: true
        case .array, .object: false
        case .python(let value):
            switch value {
            case .tuple(let items): items.allSatisfy(\.isHashable)
            case .byteArray, .dictionary: false
            case .bytes, .date, .time, .dateTime, .timeDelta, .timeZone: true
            }
        }
    }

    /// The name of the type in Python's messages.
    var typeName: String {
        switch self {
        case .null: "NoneType"
        case .bool: "bool"
        case .number(let number): number.isInteger ? "int" : "float"
        case .string: "str"
        case .array: "list"
        case .object: "dict"
        case .python(let value): value.typeName
        }
    }
}
