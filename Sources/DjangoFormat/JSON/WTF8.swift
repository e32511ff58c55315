/// UTF-8 in which a lone surrogate is encoded like any other code point of its size.
enum WTF8 {
    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

    /// Appends a code point up to U+10FFFF.
    static func append(_ codePoint: UInt32, to bytes: inout [UInt8]) {
        func continuation(_ shift: UInt32) -> UInt8 { 0x80 | UInt8(truncatingIfNeeded: codePoint >> shift) & 0x3F }
        func lead(_ mark: UInt8, _ shift: UInt32) -> UInt8 { mark | UInt8(truncatingIfNeeded: codePoint >> shift) }
        switch codePoint {
        case ..<0x80:
            bytes.append(lead(0, 0))
        case ..<0x800:
            bytes.append(lead(0xC0, 6))
            bytes.append(continuation(0))
        case ..<0x10000:
            bytes.append(lead(0xE0, 12))
            bytes.append(continuation(6))
            bytes.append(continuation(0))
        default:
            bytes.append(lead(0xF0, 18))
            bytes.append(continuation(12))
            bytes.append(continuation(6))
            bytes.append(continuation(0))
        }
    }

    /// The code point that begins at `position`, which moves behind it. The bytes are well-formed.
    static func codePoint(in bytes: Span<UInt8>, at position: inout Int) -> UInt32 {
        let lead = UInt32(bytes[position])
        position += 1
        var (value, continuations) =
            switch lead {
            case ..<0x80: (lead, 0)
            case ..<0xE0: (lead & 0x1F, 1)
            case ..<0xF0: (lead & 0x0F, 2)
            default: (lead & 0x07, 3)
            }
        while continuations > 0 {
            value = value << 6 | UInt32(bytes[position] & 0x3F)
            position += 1
            continuations -= 1
        }
        return value
    }
}

/// The UTF-16 code units that stand for a code point past U+FFFF only in pairs.
enum Surrogate {
    static func isHigh(_ unit: UInt16) -> Bool { unit & 0xFC00 == 0xD800 }
    static func isLow(_ unit: UInt16) -> Bool { unit & 0xFC00 == 0xDC00 }

    static func join(_ high: UInt16, _ low: UInt16) -> UInt32 {
        0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF))
    }

    /// The pair for a code point past U+FFFF.
    static func split(_ codePoint: UInt32) -> (high: UInt16, low: UInt16) {
        let offset = codePoint - 0x10000
        return (0xD800 | UInt16(truncatingIfNeeded: offset >> 10), 0xDC00 | UInt16(truncatingIfNeeded: offset & 0x3FF))
    }
}
