extension UInt8 {
    /// White space of ASCII, as Python's `str.split` knows it.
    var isTemplateSpace: Bool {
        self == UInt8(ascii: " ") || (9...13).contains(self) || (28...31).contains(self)
    }

    /// A character of a name, Python's `\w`; bytes of longer characters count as letters.
    var isWordCharacter: Bool {
        isASCIILetter || isASCIIDigit || self == UInt8(ascii: "_") || self >= 0x80
    }

    var isQuote: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "'") }
}

extension ArraySlice<UInt8> {
    /// Without the white space at both ends.
    func trimmed() -> ArraySlice<UInt8> {
        var slice = drop { $0.isTemplateSpace }
        while slice.last?.isTemplateSpace == true { slice.removeLast() }
        return slice
    }

    /// Where the quoted string ends that begins this slice, past its closing quote; nil where it never ends.
    func endOfQuotedString() -> Int? {
        guard let quote = first, quote.isQuote else { return nil }
        var index = startIndex + 1
        while index < endIndex {
            switch self[index] {
            case quote: return index + 1
            case UInt8(ascii: "\\"): index += 2
            default: index += 1
            }
        }
        return nil
    }
}

extension TemplateToken {
    /// The words of a tag, a quoted phrase counting as part of one word (Django's `split_contents`).
    func words() -> [String] {
        var words: [String] = []
        var rest = contents[...].trimmed()
        while !rest.isEmpty {
            let end = Self.endOfWord(rest)
            words.append(String(decoding: rest[..<end], as: UTF8.self))
            rest = rest[end...].trimmed()
        }
        return words
    }

    private static func endOfWord(_ rest: ArraySlice<UInt8>) -> Int {
        var index = rest.startIndex
        var hasQuotedPart = false
        while index < rest.endIndex, !rest[index].isTemplateSpace {
            if !rest[index].isQuote {
                index += 1
            } else if let end = rest[index...].endOfQuotedString() {
                (index, hasQuotedPart) = (end, true)
            } else if hasQuotedPart {
                break
            } else {
                return rest.firstIndex(where: \.isTemplateSpace) ?? rest.endIndex
            }
        }
        return index
    }
}
