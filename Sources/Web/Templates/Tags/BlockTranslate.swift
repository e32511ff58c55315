/// `{% blocktranslate with x=y count n=list|length %}…{% plural %}…{% endblocktranslate %}`, in English.
struct BlockTranslateNode: Node {
    /// Text, or the name of a variable.
    enum Piece: Sendable {
        case text([UInt8])
        case variable(String)
    }

    private var assignments: [Assignment] = []
    private var counter: Assignment?
    private var singular: [Piece] = []
    private var plural: [Piece] = []
    private var variable: String?

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var node = BlockTranslateNode()
        let isTrimmed = try node.parseOptions(&parser, token)
        var end: TemplateToken
        (node.singular, end) = try pieces(&parser, token, isTrimmed)
        if node.counter != nil {
            guard end.command == "plural" else {
                throw TemplateSyntaxError(end.location, "'plural' was expected instead of '\(end.text)'")
            }
            (node.plural, end) = try pieces(&parser, token, isTrimmed)
        }
        guard end.text == "end" + token.command else {
            throw TemplateSyntaxError(end.location, "'\(end.text)' cannot stand inside '\(token.command)'")
        }
        return node
    }

    /// Reads the words of the tag; gives whether it says `trimmed`.
    private mutating func parseOptions(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> Bool {
        var words = token.words().dropFirst()
        var isTrimmed = false
        while let option = words.popFirst() {
            switch option {
            case "trimmed": isTrimmed = true
            case "with": assignments += try parser.assignments(&words, of: token, legacy: true)
            case "count": counter = try parser.assignments(&words, of: token, legacy: true).first
            case "asvar": variable = words.popFirst()
            case "context": if let word = words.popFirst() { _ = try parser.expression(word, in: token) }
            default:
                throw TemplateSyntaxError(token.location, "'\(token.command)' does not understand '\(option)'")
            }
        }
        return isTrimmed
    }

    /// The text and variables up to the next tag, and that tag.
    private static func pieces(
        _ parser: inout TemplateParser, _ opening: TemplateToken, _ isTrimmed: Bool
    ) throws(TemplateSyntaxError) -> ([Piece], TemplateToken) {
        var pieces: [Piece] = []
        while let token = parser.next() {
            switch token.kind {
            case .text: pieces.append(.text(token.contents))
            case .variable: pieces.append(.variable(token.text))
            case .block: return (isTrimmed ? trimmed(pieces) : pieces, token)
            }
        }
        throw parser.unclosed(opening, ["end" + opening.command])
    }

    /// Without the white space at both ends, each line end with what surrounds it being one space.
    private static func trimmed(_ pieces: [Piece]) -> [Piece] {
        pieces.enumerated().map { index, piece in
            guard case .text(let bytes) = piece else { return piece }
            var text = bytes[...]
            if index == 0 { text = text.drop { $0.isTemplateSpace } }
            if index == pieces.count - 1 { while text.last?.isTemplateSpace == true { text.removeLast() } }
            var result: [UInt8] = []
            while let start = text.firstIndex(where: \.isTemplateSpace) {
                let space = text[start...].prefix { $0.isTemplateSpace }
                result += text[..<start]
                result += space.contains(UInt8(ascii: "\n")) ? [UInt8(ascii: " ")] : space
                text = text[space.endIndex...]
            }
            return .text(result + text)
        }
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let values = try assignments.resolve(&context)
        var result: [UInt8] = []
        try context.withScope { context throws(TemplateRenderError) in
            for (name, value) in values { context.set(name, to: value) }
            for piece in try pieces(&context) {
                switch piece {
                case .text(let bytes): result += bytes
                case .variable(let name):
                    context.lookUp(name)?.render(autoescape: context.autoescape, into: &result)
                }
            }
        }
        guard let variable else { return output += result }
        context.set(variable, to: .safe(String(decoding: result, as: UTF8.self)))
    }

    /// The singular, or where there is a count other than 1 the plural.
    private func pieces(_ context: inout RenderContext) throws(TemplateRenderError) -> [Piece] {
        guard let counter else { return singular }
        let count = try counter.value.resolve(&context)
        switch count {
        case .int, .double, .bool: break
        default: throw TemplateRenderError(counter.value.location, "'\(counter.name)' is not a number")
        }
        context.set(counter.name, to: count)
        return count.equals(.int(1)) ? singular : plural
    }
}
