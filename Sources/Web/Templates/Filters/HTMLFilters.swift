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

    /// Takes tags away until none is left; Django gives up after 50 rounds, and so do we, with nothing.
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
        var (output, rest): ([UInt8], ArraySlice<UInt8>) = ([], bytes[...])
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            output += rest[..<start]
            guard let end = endOfTag(rest[start...]) else {
                output.append(UInt8(ascii: "<"))
                rest = rest[(start + 1)...]
                continue
            }
            rest = rest[end...]
        }
        return output + rest
    }

    /// Where the tag or comment ends that begins this slice.
    private static func endOfTag(_ rest: ArraySlice<UInt8>) -> Int? {
        guard let next = rest.dropFirst().first else { return nil }
        if rest.starts(with: "<!--".utf8) {
            let close = rest.indices.dropFirst(4).first { rest[$0...].starts(with: "-->".utf8) }
            return close.map { $0 + 3 }
        }
        guard next.isASCIILetter || "/!?".utf8.contains(next) else { return nil }
        var quote: UInt8?
        for index in rest.indices {
            let byte = rest[index]
            if byte == quote {
                quote = nil
            } else if quote == nil, byte.isQuote, rest[index - 1] == UInt8(ascii: "=") {
                quote = byte
            } else if quote == nil, byte == UInt8(ascii: ">") {
                return index + 1
            }
        }
        return nil
    }
}
