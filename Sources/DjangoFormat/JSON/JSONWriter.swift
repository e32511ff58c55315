/// Writes JSON without white space in ASCII, as Python's `json.dumps` with `ensure_ascii`.
enum JSONWriter {
    static func write(_ value: JSONValue, into output: inout [UInt8]) throws(NotSerializable) {
        switch value {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(true): output.append(contentsOf: "true".utf8)
        case .bool(false): output.append(contentsOf: "false".utf8)
        case .number(let number): output.append(contentsOf: number.text.utf8)
        case .string(let string): write(string, into: &output)
        case .array(let array): try write(array, into: &output)
        case .object(let object): try write(object, into: &output)
        case .python(let value): try write(value, into: &output)
        }
    }

    static func write(_ object: JSONObject, into output: inout [UInt8]) throws(NotSerializable) {
        output.append(UInt8(ascii: "{"))
        var isFirst = true
        for (key, value) in object {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            write(key, into: &output)
            output.append(UInt8(ascii: ":"))
            try write(value, into: &output)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func write(_ array: [JSONValue], into output: inout [UInt8]) throws(NotSerializable) {
        output.append(UInt8(ascii: "["))
        var isFirst = true
        for value in array {
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            try write(value, into: &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    /// A tuple becomes an array; keys that are numbers, booleans or `None` become strings.
    private static func write(_ value: PythonValue, into output: inout [UInt8]) throws(NotSerializable) {
        switch value {
        case .tuple(let items): try write(items, into: &output)
        case .dictionary(let dictionary):
            output.append(UInt8(ascii: "{"))
            var isFirst = true
            for (key, value) in dictionary {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                write(try name(key), into: &output)
                output.append(UInt8(ascii: ":"))
                try write(value, into: &output)
            }
            output.append(UInt8(ascii: "}"))
        case .bytes, .byteArray, .date, .time, .dateTime, .timeDelta, .timeZone:
            throw NotSerializable(description: "Object of type \(value.typeName) is not JSON serializable")
        }
    }

    private static func name(_ key: JSONValue) throws(NotSerializable) -> JSONString {
        switch key {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let number): return JSONString(number.text)
        case .string(let string): return string
        case .array, .object, .python:
            throw NotSerializable(
                description: "keys must be str, int, float, bool or None, not \(key.typeName)")
        }
    }

    private static func write(_ string: JSONString, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        string.withBytes { bytes in
            var runStart = 0
            var position = 0
            while position < bytes.count {
                if isPlain(bytes[position]) {
                    position += 1
                } else {
                    output.append(bytes.extracting(runStart..<position))
                    writeEscape(WTF8.codePoint(in: bytes, at: &position), into: &output)
                    runStart = position
                }
            }
            output.append(bytes.extracting(runStart..<position))
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Whether a byte stands for itself: Python also escapes DEL.
    private static func isPlain(_ byte: UInt8) -> Bool {
        0x20..<0x7F ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func writeEscape(_ codePoint: UInt32, into output: inout [UInt8]) {
        let letter: UInt8
        switch codePoint {
        case 0x08: letter = UInt8(ascii: "b")
        case 0x09: letter = UInt8(ascii: "t")
        case 0x0A: letter = UInt8(ascii: "n")
        case 0x0C: letter = UInt8(ascii: "f")
        case 0x0D: letter = UInt8(ascii: "r")
        case 0x22: letter = UInt8(ascii: "\"")
        case 0x5C: letter = UInt8(ascii: "\\")
        case ..<0x10000:
            return writeHexEscape(UInt16(truncatingIfNeeded: codePoint), into: &output)
        default:
            let pair = Surrogate.split(codePoint)
            writeHexEscape(pair.high, into: &output)
            return writeHexEscape(pair.low, into: &output)
        }
        output.append(UInt8(ascii: "\\"))
        output.append(letter)
    }

    private static func writeHexEscape(_ unit: UInt16, into output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        output.append(UInt8(ascii: "u"))
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 0xF)
            output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}

extension [UInt8] {
    mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
