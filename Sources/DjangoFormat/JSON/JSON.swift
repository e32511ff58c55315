/// JSON as Django writes and reads it in sessions (`django.core.signing.JSONSerializer`), to the byte.
public enum JSON {
    /// How many arrays and objects may lie within each other, about what Python's recursion limit allows.
    public static let maximumDepth = 1000

    /// How many digits an integer may have, Python's limit.
    public static let maximumDigits = 4300

    /// The bytes of `json.dumps(value, separators=(",", ":"))`: ASCII only.
    ///
    /// A value nested deeper than `maximumDepth` is written, but cannot be read again.
    /// - Throws: ``NotSerializable`` where the value holds what JSON lacks.
    public static func encode(_ value: JSONValue) throws(NotSerializable) -> [UInt8] {
        var output: [UInt8] = []
        try JSONWriter.write(value, into: &output)
        return output
    }

    /// Appends the bytes of `json.dumps(object, separators=(",", ":"))`.
    public static func encode(_ object: JSONObject, into output: inout [UInt8]) throws(NotSerializable) {
        try JSONWriter.write(object, into: &output)
    }

    /// The value of `json.loads(bytes.decode("latin-1"))`: each byte past 0x7F is the code point of that number.
    ///
    /// `NaN`, `Infinity`, `-Infinity` and lone surrogates are accepted; a key that stands twice has its last value in
    /// its first place; numbers keep their text.
    /// - Throws: what is wrong and where, without the text itself.
    public static func decode(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        try JSONReader.read(bytes)
    }

    public static func decode(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        try JSONReader.read(bytes.span)
    }
}

/// A value has no form in JSON (Python's `TypeError`), in Python's words: "Object of type bytes is not JSON serializable".
public struct NotSerializable: Error, Hashable, CustomStringConvertible {
    public let description: String
}

/// Why a text is not JSON, with the number of bytes before the mistake.
public struct JSONError: Error, Hashable, CustomStringConvertible {
    public enum Reason: String, Sendable {
        case expectingValue = "a value is expected"
        case expectingKey = "a key in double quotes is expected"
        case expectingColon = "':' is expected"
        case expectingCommaOrEnd = "',' or the closing bracket is expected"
        case unterminatedString = "a string does not end"
        case invalidControlCharacter = "a string holds a raw control character"
        case invalidEscape = "a string holds an invalid escape"
        case tooManyDigits = "an integer has too many digits"
        case nestedTooDeeply = "arrays and objects are nested too deeply"
        case extraData = "text follows the value"
    }

    public let reason: Reason
    public let offset: Int

    public var description: String { "not JSON: \(reason.rawValue) at byte \(offset)" }
}
