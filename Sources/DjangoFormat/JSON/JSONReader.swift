/// Reads JSON in one pass over the bytes, as Python's `json.loads` reads their Latin-1 text.
///
/// The bytes are handed down instead of stored, so that every access is checked and none is unsafe.
struct JSONReader {
    var position = 0

    static func read(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        var reader = JSONReader()
        reader.skipWhitespace(bytes)
        let value = try reader.readValue(bytes, depth: 0)
        reader.skipWhitespace(bytes)
        guard reader.position == bytes.count else { throw reader.error(.extraData) }
        return value
    }

    /// - Parameter depth: the number of arrays and objects around the value.
    private mutating func readValue(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        guard let byte = peek(bytes) else { throw error(.expectingValue) }
        switch byte {
        case UInt8(ascii: "\""):
            position += 1
            return .string(try readString(bytes))
        case UInt8(ascii: "{"):
            return .object(try readObject(bytes, depth: depth + 1))
        case UInt8(ascii: "["):
            return .array(try readArray(bytes, depth: depth + 1))
        case UInt8(ascii: "n") where skip("null", bytes): return .null
        case UInt8(ascii: "t") where skip("true", bytes): return .bool(true)
        case UInt8(ascii: "f") where skip("false", bytes): return .bool(false)
        case UInt8(ascii: "N") where skip("NaN", bytes): return .number(JSONNumber(uncheckedText: "NaN"))
        case UInt8(ascii: "I") where skip("Infinity", bytes): return .number(JSONNumber(uncheckedText: "Infinity"))
        case UInt8(ascii: "-") where skip("-Infinity", bytes): return .number(JSONNumber(uncheckedText: "-Infinity"))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return .number(try readNumber(bytes))
        default:
            throw error(.expectingValue)
        }
    }

    private mutating func readObject(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= JSON.maximumDepth else { throw error(.nestedTooDeeply) }
        position += 1
        skipWhitespace(bytes)
        var object = JSONObject()
        if skip(UInt8(ascii: "}"), bytes) { return object }
        while true {
            guard skip(UInt8(ascii: "\""), bytes) else { throw error(.expectingKey) }
            let key = try readString(bytes)
            skipWhitespace(bytes)
            guard skip(UInt8(ascii: ":"), bytes) else { throw error(.expectingColon) }
            skipWhitespace(bytes)
            object[key] = try readValue(bytes, depth: depth)
            skipWhitespace(bytes)
            if skip(UInt8(ascii: "}"), bytes) { return object }
            guard skip(UInt8(ascii: ","), bytes) else { throw error(.expectingCommaOrEnd) }
            skipWhitespace(bytes)
        }
    }

    private mutating func readArray(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= JSON.maximumDepth else { throw error(.nestedTooDeeply) }
        position += 1
        skipWhitespace(bytes)
        var array: [JSONValue] = []
        if skip(UInt8(ascii: "]"), bytes) { return array }
        while true {
            array.append(try readValue(bytes, depth: depth))
            skipWhitespace(bytes)
            if skip(UInt8(ascii: "]"), bytes) { return array }
            guard skip(UInt8(ascii: ","), bytes) else { throw error(.expectingCommaOrEnd) }
            skipWhitespace(bytes)
        }
    }

    /// Reads `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?` and leaves what does not belong to it, as Python does.
    private mutating func readNumber(_ bytes: Span<UInt8>) throws(JSONError) -> JSONNumber {
        let start = position
        _ = skip(UInt8(ascii: "-"), bytes)
        let digitsStart = position
        if !skip(UInt8(ascii: "0"), bytes) {
            guard skipDigits(bytes) else { throw error(.expectingValue) }
        }
        let digits = position - digitsStart
        var isInteger = true
        let integerEnd = position
        if skip(UInt8(ascii: "."), bytes), skipDigits(bytes) {
            isInteger = false
        } else {
            position = integerEnd
        }
        let fractionEnd = position
        if skip(UInt8(ascii: "e"), bytes) || skip(UInt8(ascii: "E"), bytes) {
            _ = skip(UInt8(ascii: "+"), bytes) || skip(UInt8(ascii: "-"), bytes)
            if skipDigits(bytes) { isInteger = false } else { position = fractionEnd }
        }
        guard !isInteger || digits <= JSON.maximumDigits else { throw error(.tooManyDigits) }
        return JSONNumber(uncheckedText: String(ascii: bytes.extracting(start..<position)))
    }
}

extension JSONReader {
    func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: position)
    }

    func peek(_ bytes: Span<UInt8>) -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    mutating func skip(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skip(_ word: String, _ bytes: Span<UInt8>) -> Bool {
        var end = position
        for byte in word.utf8 {
            guard end < bytes.count, bytes[end] == byte else { return false }
            end += 1
        }
        position = end
        return true
    }

    private mutating func skipDigits(_ bytes: Span<UInt8>) -> Bool {
        let start = position
        while position < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[position] { position += 1 }
        return position > start
    }

    private mutating func skipWhitespace(_ bytes: Span<UInt8>) {
        while position < bytes.count, Self.isWhitespace(bytes[position]) { position += 1 }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}

extension String {
    init(ascii bytes: Span<UInt8>) {
        self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
