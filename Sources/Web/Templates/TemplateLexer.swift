/// A piece of a template: text, or the inside of `{{ }}` or `{% %}` without the white space around it.
struct TemplateToken {
    enum Kind {
        case text, variable, block
    }

    let kind: Kind
    let contents: [UInt8]
    let location: SourceLocation

    var text: String { String(decoding: contents, as: UTF8.self) }

    /// The tag's name: the first word.
    var command: String {
        String(decoding: contents.prefix { !$0.isTemplateSpace }, as: UTF8.self)
    }
}

extension TemplateToken {
    /// Cuts a template into tokens; comments (`{# #}`) are left out. As in Django a tag that does not end on its own
    /// line is text.
    static func tokenize(_ source: String, file: String) -> [TemplateToken] {
        let bytes = Array(source.utf8)
        var tokens: [TemplateToken] = []
        var (position, textStart, line) = (0, 0, 1)
        var verbatimEnd: [UInt8]?

        func appendText(upTo end: Int) {
            guard textStart < end else { return }
            let text = Array(bytes[textStart..<end])
            tokens.append(TemplateToken(kind: .text, contents: text, location: SourceLocation(file: file, line: line)))
            line += text.count { $0 == UInt8(ascii: "\n") }
        }

        while position < bytes.count {
            guard let (kind, end) = tag(in: bytes, at: position) else {
                position += 1
                continue
            }
            let contents = Array(bytes[(position + 2)..<(end - 2)].trimmed())
            if let expected = verbatimEnd {
                guard kind == .block, contents == expected else {
                    position = end
                    continue
                }
                verbatimEnd = nil
            } else if kind == .block, contents.prefix(while: { !$0.isTemplateSpace }).elementsEqual("verbatim".utf8) {
                verbatimEnd = Array("end".utf8) + contents
            }
            appendText(upTo: position)
            if let kind {
                let location = SourceLocation(file: file, line: line)
                tokens.append(TemplateToken(kind: kind, contents: contents, location: location))
            }
            (position, textStart) = (end, end)
        }
        appendText(upTo: bytes.count)
        return tokens
    }

    /// The tag that begins at a place, if one does: its kind (nil for a comment) and where it ends.
    private static func tag(in bytes: [UInt8], at start: Int) -> (kind: Kind?, end: Int)? {
        guard bytes[start] == UInt8(ascii: "{"), start + 3 < bytes.count else { return nil }
        let (kind, close): (Kind?, UInt8)
        switch bytes[start + 1] {
        case UInt8(ascii: "%"): (kind, close) = (.block, UInt8(ascii: "%"))
        case UInt8(ascii: "{"): (kind, close) = (.variable, UInt8(ascii: "}"))
        case UInt8(ascii: "#"): (kind, close) = (nil, UInt8(ascii: "#"))
        default: return nil
        }
        var end = start + 2
        while end + 1 < bytes.count, bytes[end] != UInt8(ascii: "\n") {
            if bytes[end] == close, bytes[end + 1] == UInt8(ascii: "}") { return (kind, end + 2) }
            end += 1
        }
        return nil
    }
}
