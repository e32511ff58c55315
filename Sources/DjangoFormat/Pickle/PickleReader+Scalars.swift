// The opcodes that stand for one number, text or row of bytes.

extension PickleReader {
    /// The value of an opcode with its argument; nil where the opcode is none of these.
    mutating func scalar(_ opcode: UInt8, _ bytes: Span<UInt8>) throws(PickleError) -> JSONValue? {
        switch opcode {
        case PickleOpcode.none: return .null
        case PickleOpcode.newTrue: return true
        case PickleOpcode.newFalse: return false

        case PickleOpcode.binInt1: return .int(Int(try byte(bytes)))
        case PickleOpcode.binInt2: return .int(Int(try integer(UInt16.self, bytes)))
        case PickleOpcode.binInt: return .int(Int(try integer(Int32.self, bytes)))
        case PickleOpcode.long1: return try long(Int(try byte(bytes)), bytes)
        case PickleOpcode.long4: return try long(Int(try integer(Int32.self, bytes)), bytes)
        case PickleOpcode.int: return try decimalOrBool(try line(bytes), bytes)
        case PickleOpcode.long:
            let text = try line(bytes)
            guard let last = text.last, bytes[last] == UInt8(ascii: "L") else { throw error(.malformed) }
            return .number(try decimal(text.dropLast(), bytes))
        case PickleOpcode.binFloat:
            return .double(Double(bitPattern: UInt64(bigEndian: try integer(UInt64.self, bytes))))
        case PickleOpcode.float: return .double(try float(try line(bytes), bytes))

        case PickleOpcode.shortBinUnicode: return .string(try string(try take(Int(try byte(bytes)), bytes), bytes))
        case PickleOpcode.binUnicode:
            return .string(try string(try take(Int(try integer(UInt32.self, bytes)), bytes), bytes))
        case PickleOpcode.binUnicode8: return .string(try string(try take(try count(bytes), bytes), bytes))
        case PickleOpcode.unicode: return .string(try rawUnicode(try line(bytes), bytes))

        case PickleOpcode.shortBinBytes: return .python(.bytes(try raw(Int(try byte(bytes)), bytes)))
        case PickleOpcode.binBytes: return .python(.bytes(try raw(Int(try integer(UInt32.self, bytes)), bytes)))
        case PickleOpcode.binBytes8: return .python(.bytes(try raw(try count(bytes), bytes)))
        case PickleOpcode.byteArray8: return .python(.byteArray(try raw(try count(bytes), bytes)))
        default: return nil
        }
    }

    mutating func byte(_ bytes: Span<UInt8>) throws(PickleError) -> UInt8 {
        guard position < bytes.count else { throw error(.malformed) }
        defer { position += 1 }
        return bytes[position]
    }

    /// The next bytes, as many as `count` says.
    private mutating func take(_ count: Int, _ bytes: Span<UInt8>) throws(PickleError) -> Range<Int> {
        guard count >= 0, count <= bytes.count - position else { throw error(.malformed) }
        defer { position += count }
        return position..<position + count
    }

    private mutating func raw(_ count: Int, _ bytes: Span<UInt8>) throws(PickleError) -> [UInt8] {
        let range = try take(count, bytes)
        return bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    /// A little-endian integer of the width of its type.
    mutating func integer<Value: FixedWidthInteger>(
        _: Value.Type, _ bytes: Span<UInt8>
    ) throws(PickleError) -> Value {
        var value: Value = 0
        for index in try take(Value.bitWidth / 8, bytes).reversed() {
            value = value << 8 | Value(truncatingIfNeeded: bytes[index])
        }
        return value
    }

    private mutating func count(_ bytes: Span<UInt8>) throws(PickleError) -> Int {
        guard let count = Int(exactly: try integer(UInt64.self, bytes)) else { throw error(.malformed) }
        return count
    }

    /// The bytes up to the next line feed, which is skipped.
    mutating func line(_ bytes: Span<UInt8>) throws(PickleError) -> Range<Int> {
        let start = position
        while try byte(bytes) != UInt8(ascii: "\n") {}
        return start..<position - 1
    }

    /// The number of a place in the memo, as text.
    mutating func number(_ bytes: Span<UInt8>) throws(PickleError) -> Int {
        let digits = try line(bytes)
        guard (1...10).contains(digits.count) else { throw error(.malformed) }
        var value = 0
        for index in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index] else { throw error(.malformed) }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        return value
    }

    private mutating func long(_ count: Int, _ bytes: Span<UInt8>) throws(PickleError) -> JSONValue {
        let range = try take(count, bytes)
        guard let text = PickledInteger.text(bytes.extracting(range)) else { throw error(.tooManyDigits) }
        return .number(JSONNumber(uncheckedText: text))
    }

    /// Protocols 0 and 1 write `I00` and `I01` for the booleans.
    private func decimalOrBool(_ text: Range<Int>, _ bytes: Span<UInt8>) throws(PickleError) -> JSONValue {
        if text.count == 2, bytes[text.lowerBound] == UInt8(ascii: "0") {
            switch bytes[text.lowerBound + 1] {
            case UInt8(ascii: "0"): return false
            case UInt8(ascii: "1"): return true
            default: throw error(.malformed)
            }
        }
        return .number(try decimal(text, bytes))
    }

    private func decimal(_ text: Range<Int>, _ bytes: Span<UInt8>) throws(PickleError) -> JSONNumber {
        let isNegative = text.first.map { bytes[$0] == UInt8(ascii: "-") } ?? false
        guard text.count - (isNegative ? 1 : 0) <= JSON.maximumDigits else { throw error(.tooManyDigits) }
        return try jsonNumber(text, bytes) { $0.isInteger }
    }

    private func float(_ text: Range<Int>, _ bytes: Span<UInt8>) throws(PickleError) -> Double {
        switch ascii(text, bytes) {
        case "inf": return .infinity
        case "-inf": return -.infinity
        case "nan", "-nan": return .nan
        default:
            return try jsonNumber(text, bytes) { $0.text != "NaN" && $0.text.utf8.last != UInt8(ascii: "y") }
                .doubleValue
        }
    }

    private func jsonNumber(
        _ range: Range<Int>, _ bytes: Span<UInt8>, where fits: (JSONNumber) -> Bool
    ) throws(PickleError) -> JSONNumber {
        let text = ascii(range, bytes)
        guard let number = JSONNumber(text: text), number.text == text, fits(number) else { throw error(.malformed) }
        return number
    }

    /// The text with each byte as the code point of that number.
    private func ascii(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
        String(String.UnicodeScalarView(range.map { Unicode.Scalar(bytes[$0]) }))
    }
}
