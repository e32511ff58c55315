// Python's two encodings of `str` in pickles.

extension PickleReader {
    /// UTF-8 in which surrogates may stand ("surrogatepass").
    func string(_ range: Range<Int>, _ bytes: Span<UInt8>) throws(PickleError) -> JSONString {
        let bytes = bytes.extracting(range)
        if let text = bytes.withUnsafeBufferPointer({ String(validating: $0, as: UTF8.self) }) {
            return JSONString(text)
        }
        guard WTF8.isWellFormed(bytes) else { throw error(.malformed) }
        return JSONString(wtf8: bytes.withUnsafeBufferPointer { Array($0) })
    }

    /// "raw-unicode-escape", as protocol 0 writes it: Latin-1, where each backslash begins `\u` or `\U`.
    func rawUnicode(_ range: Range<Int>, _ bytes: Span<UInt8>) throws(PickleError) -> JSONString {
        var wtf8: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "\\") else {
                WTF8.append(UInt32(bytes[index]), to: &wtf8)
                index += 1
                continue
            }
            let letter = index + 1 < range.upperBound ? bytes[index + 1] : 0
            let digits = letter == UInt8(ascii: "u") ? 4 : letter == UInt8(ascii: "U") ? 8 : 0
            guard digits > 0, range.upperBound - index - 2 >= digits else { throw error(.malformed) }
            var codePoint: UInt32 = 0
            for place in index + 2..<index + 2 + digits {
                guard let digit = JSONReader.hexValue(bytes[place]) else { throw error(.malformed) }
                codePoint = codePoint << 4 | UInt32(digit)
            }
            guard codePoint <= 0x10FFFF else { throw error(.malformed) }
            WTF8.append(codePoint, to: &wtf8)
            index += 2 + digits
        }
        return JSONString(wtf8: wtf8)
    }
}

extension WTF8 {
    /// Whether the bytes are UTF-8, but for surrogates, which may stand anywhere.
    static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            let lead = bytes[index]
            let (count, smallest): (Int, UInt32) =
                switch lead {
                case ..<0x80: (1, 0)
                case 0xC2..<0xE0: (2, 0x80)
                case 0xE0..<0xF0: (3, 0x800)
                case 0xF0..<0xF5: (4, 0x10000)
                default: (0, 0)
                }
            guard count > 0, count <= bytes.count - index else { return false }
            for place in index + 1..<index + count where !isContinuation(bytes[place]) { return false }
            let codePoint = codePoint(in: bytes, at: &index)
            guard codePoint >= smallest, codePoint <= 0x10FFFF else { return false }
        }
        return true
    }
}
