extension JSONReader {
    /// Reads what follows an opening quote, up to and with the closing one.
    mutating func readString(_ bytes: Span<UInt8>) throws(JSONError) -> JSONString {
        let start = position
        while position < bytes.count, Self.isPlain(bytes[position]) { position += 1 }
        let run = bytes.extracting(start..<position)
        if skip(UInt8(ascii: "\""), bytes) { return JSONString(String(ascii: run)) }
        var wtf8: [UInt8] = []
        wtf8.append(run)
        try readRest(of: &wtf8, bytes)
        return JSONString(wtf8: wtf8)
    }

    private mutating func readRest(of wtf8: inout [UInt8], _ bytes: Span<UInt8>) throws(JSONError) {
        while let byte = peek(bytes) {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                try readEscape(into: &wtf8, bytes)
            case ..<0x20:
                throw error(.invalidControlCharacter)
            default:
                WTF8.append(UInt32(byte), to: &wtf8)
                position += 1
            }
        }
        throw error(.unterminatedString)
    }

    private mutating func readEscape(into wtf8: inout [UInt8], _ bytes: Span<UInt8>) throws(JSONError) {
        position += 1
        guard let letter = peek(bytes) else { throw error(.unterminatedString) }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): wtf8.append(letter)
        case UInt8(ascii: "b"): wtf8.append(0x08)
        case UInt8(ascii: "f"): wtf8.append(0x0C)
        case UInt8(ascii: "n"): wtf8.append(0x0A)
        case UInt8(ascii: "r"): wtf8.append(0x0D)
        case UInt8(ascii: "t"): wtf8.append(0x09)
        case UInt8(ascii: "u"): return WTF8.append(try readUnicodeEscape(bytes), to: &wtf8)
        default: throw error(.invalidEscape)
        }
        position += 1
    }

    /// Reads `u` with its four hex digits, and the escape behind it where the two form a surrogate pair.
    private mutating func readUnicodeEscape(_ bytes: Span<UInt8>) throws(JSONError) -> UInt32 {
        let first = try readHexDigits(bytes)
        let end = position
        guard Surrogate.isHigh(first), skip(UInt8(ascii: "\\"), bytes), peek(bytes) == UInt8(ascii: "u") else {
            position = end
            return UInt32(first)
        }
        let second = try readHexDigits(bytes)
        guard Surrogate.isLow(second) else {
            position = end
            return UInt32(first)
        }
        return Surrogate.join(first, second)
    }

    private mutating func readHexDigits(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        position += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(bytes), let digit = Self.hexValue(byte) else { throw error(.invalidEscape) }
            unit = unit << 4 | digit
            position += 1
        }
        return unit
    }

    /// Whether a byte of a string stands for itself, in ASCII.
    private static func isPlain(_ byte: UInt8) -> Bool {
        0x20..<0x80 ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    static func hexValue(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
