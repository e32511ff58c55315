extension Filter {
    static let htmlFilters: [Filter] = [
        Filter("escape") { value, _, _ in .safe(value.escaped) },
        Filter("force_escape") { value, _, _ in .safe(escapeHTML(value.description)) },
        Filter("safe") { value, _, _ in .safe(value.description) },
        Filter("linebreaks") { value, _, autoescape in
            .safe("<p>" + paragraphs(normalized(value, autoescape)) + "</p>")
        },
        Filter("linebreaksbr") { value, _, autoescape in
            .safe(normalized(value, autoescape).replacing(text: "\n", with: "<br>"))
        },
        .text("striptags", stripTags),
    ]

    /// The text with `\n` at the end of each line, escaped unless it is HTML already.
    private static func normalized(_ value: TemplateValue, _ autoescape: Bool) -> String {
        let text = value.description.replacing(text: "\r\n", with: "\n").replacing(text: "\r", with: "\n")
        return autoescape && !value.isSafe ? escapeHTML(text) : text
    }

    /// One newline breaks the line, more begin a paragraph.
    private static func paragraphs(_ text: String) -> String {
        var (output, rest): ([UInt8], ArraySlice<UInt8>) = ([], Array(text.utf8)[...])
        while let start = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let newlines = rest[start...].prefix { $0 == UInt8(ascii: "\n") }
            output += rest[..<start]
            output.append(text: newlines.count > 1 ? "</p>\n\n<p>" : "<br>")
            rest = rest[newlines.endIndex...]
        }
        return String(decoding: output + rest, as: UTF8.self)
    }

    /// Takes tags away until none is left. After 50 rounds Django raises an error; then nothing is printed here.
    @Sendable private static func stripTags(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<50 {
            let stripped = withoutTags(bytes)
            if stripped.count == bytes.count { return String(decoding: bytes, as: UTF8.self) }
            bytes = stripped
        }
        return ""
    }

    private static func withoutTags(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "<")) else { return bytes }
        let (ends, comments) = (tagEnds(bytes), commentEnds(bytes))
        var (output, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes[...])
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            output += rest[..<start]
            let tag = rest[start...]
            let next = tag.dropFirst().first
            let end: Int? =
                if tag.starts(with: "<!--".utf8) {
                    comments[start + 4]
                } else if let next, next.isASCIILetter || "/!?".utf8.contains(next) {
                    ends[start]
                } else {
                    nil
                }
            if let end {
                rest = rest[end...]
            } else {
                output.append(UInt8(ascii: "<"))
                rest = tag.dropFirst()
            }
        }
        return output + rest
    }

    /// For each byte, and for the end, where a tag ends that it stands in, outside of a quoted attribute; nil where it has no end. Found from
    /// behind, in one pass: a text may begin many tags that never end.
    private static func tagEnds(_ bytes: [UInt8]) -> [Int?] {
        var ends = [Int?](repeating: nil, count: bytes.count + 1)
        // Where it ends from the next byte on, inside of either kind of quotes.
        var (single, double): (Int?, Int?) = (nil, nil)
        for index in bytes.indices.reversed() {
            let plain = ends[index + 1]
            let opensQuotes = index > 0 && bytes[index - 1] == UInt8(ascii: "=")
            switch bytes[index] {
            case UInt8(ascii: "'"):
                ends[index] = opensQuotes ? single : plain
                single = plain
            case UInt8(ascii: "\""):
                ends[index] = opensQuotes ? double : plain
                double = plain
            case UInt8(ascii: ">"): ends[index] = index + 1
            default: ends[index] = plain
            }
        }
        return ends
    }

    /// For each byte, and for the end, where the first `-->` ends that begins there or later.
    private static func commentEnds(_ bytes: [UInt8]) -> [Int?] {
        var ends = [Int?](repeating: nil, count: bytes.count + 1)
        var end: Int?
        for index in bytes.indices.reversed() {
            if bytes[index...].starts(with: "-->".utf8) { end = index + 3 }
            ends[index] = end
        }
        return ends
    }
}
