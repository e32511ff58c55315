import Glibc

// What the parsers of this module share: they work on the peer's bytes and never trap on them.

extension UInt8 {
    var hexDigitValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    var asciiLowercased: UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self ? self | 0x20 : self
    }

    var isASCIIDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

    var isASCIILetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 }

    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    /// A byte in the middle of a character of UTF-8.
    var isUTF8Continuation: Bool { self & 0xC0 == 0x80 }
}

extension Span<UInt8> {
    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return withUnsafeBytes { mine in
            other.withUnsafeBytes { its in
                guard let first = mine.baseAddress, let second = its.baseAddress else { return true }
                return memcmp(first, second, count) == 0
            }
        }
    }
}

extension String {
    /// Whether the texts are equal as Python compares them; Swift's `==` takes composed and decomposed letters for equal.
    func hasBytes(of other: String) -> Bool { utf8Span.span.equals(other.utf8Span.span) }
}

extension ArraySlice<UInt8> {
    var isUTF8: Bool { isASCII || String(validating: self, as: UTF8.self) != nil }

    private var isASCII: Bool {
        withUnsafeBytes { bytes in
            var all: UInt8 = 0
            for byte in bytes { all |= byte }
            return all < 0x80
        }
    }

    func equals(_ text: String) -> Bool { span.equals(text.utf8Span.span) }

    func starts(with text: String) -> Bool { starts(with: text.utf8) }

    /// The bytes without the spaces and tabs around them.
    var trimmingBlanks: ArraySlice<UInt8> {
        var slice = drop { $0.isBlank }
        while slice.last?.isBlank == true { slice.removeLast() }
        return slice
    }

    var asciiLowercased: [UInt8] { map { $0.asciiLowercased } }

    var asciiUppercased: [UInt8] {
        map { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 ? $0 & 0xDF : $0 }
    }

    /// Where the byte first stands.
    func place(of byte: UInt8) -> Int? {
        withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, let found = memchr(start, Int32(byte), bytes.count) else { return nil }
            return startIndex + (UnsafeRawPointer(found) - start)
        }
    }

    /// The pieces between the separators, empty ones included, one at a time.
    func lazySplit(on separator: UInt8) -> some Sequence<ArraySlice<UInt8>> {
        sequence(state: Optional(self)) { rest in
            guard let current = rest else { return nil }
            let end = current.place(of: separator)
            rest = end.map { current[($0 + 1)...] }
            return current[..<(end ?? current.endIndex)]
        }
    }

    /// The parts before and after the first separator; no second part where there is none.
    package func cut(at separator: UInt8) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?) {
        guard let index = place(of: separator) else { return (self, nil) }
        return (self[..<index], self[(index + 1)...])
    }
}

extension [UInt8] {
    /// Appends text as it is.
    mutating func append(text: String) {
        let bytes = text.utf8Span.span
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }

    mutating func append(decimal number: Int) {
        if number < 0 { append(UInt8(ascii: "-")) }
        append(digitsOf: number.magnitude)
    }

    private mutating func append(digitsOf number: UInt) {
        if number >= 10 { append(digitsOf: number / 10) }
        append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// Appends the character of that code in Latin-1 as UTF-8.
    mutating func append(latin1 code: UInt8) {
        if code < 0x80 {
            append(code)
        } else {
            append(0xC0 | code >> 6)
            append(0x80 | code & 0x3F)
        }
    }
}
