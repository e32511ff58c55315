extension TemplateParser {
    /// Parses a tag, and what it encloses; nil where it prints nothing.
    typealias Tag = @Sendable (inout TemplateParser, TemplateToken) throws(TemplateSyntaxError) -> (any Node)?

    static let tags: [String: Tag] = [
        "autoescape": AutoescapeNode.parse,
        "block": BlockNode.parse,
        "blocktrans": BlockTranslateNode.parse,
        "blocktranslate": BlockTranslateNode.parse,
        "comment": CommentTag.parse,
        "csrf_token": CSRFTokenNode.parse,
        "extends": ExtendsTag.parse,
        "firstof": FirstOfNode.parse,
        "for": ForNode.parse,
        "if": IfNode.parse,
        "include": IncludeNode.parse,
        "load": LoadTag.parse,
        "spaceless": SpacelessNode.parse,
        "static": StaticNode.parse,
        "trans": TranslateNode.parse,
        "translate": TranslateNode.parse,
        "url": URLNode.parse,
        "verbatim": VerbatimTag.parse,
        "with": WithNode.parse,
    ]

    /// Takes `name=value` words from the front, and where the tag allows it Django's old `value as name`.
    func assignments(
        _ words: inout ArraySlice<String>, of token: TemplateToken, legacy: Bool = false
    ) throws(TemplateSyntaxError) -> [Assignment] {
        var assignments: [Assignment] = []
        while let word = words.first {
            if let (name, value) = Self.keyword(word) {
                guard assignments.isEmpty || !assignments[0].isLegacy else { break }
                assignments.append(Assignment(name: name, value: try expression(value, in: token), isLegacy: false))
                words.removeFirst()
                continue
            }
            let three = Array(words.prefix(3))
            guard legacy, assignments.first?.isLegacy ?? true, three.count == 3, three[1] == "as" else { break }
            assignments.append(Assignment(name: three[2], value: try expression(word, in: token), isLegacy: true))
            words.removeFirst(3)
            guard words.first == "and" else { break }
            words.removeFirst()
        }
        return assignments
    }

    /// The halves of `name=value`.
    static func keyword(_ word: String) -> (name: String, value: String)? {
        let name = word.utf8.prefix { $0.isWordCharacter }
        let rest = word.utf8[name.endIndex...]
        guard !name.isEmpty, rest.first == UInt8(ascii: "="), rest.count > 1 else { return nil }
        return (String(Substring(name)), String(Substring(rest.dropFirst())))
    }
}

/// A variable that a tag sets.
struct Assignment: Sendable {
    let name: String
    let value: FilterExpression
    let isLegacy: Bool
}

extension [Assignment] {
    func resolve(
        _ context: inout RenderContext
    ) throws(TemplateRenderError) -> [(name: String, value: TemplateValue)] {
        var values: [(name: String, value: TemplateValue)] = []
        for assignment in self { values.append((assignment.name, try assignment.value.resolve(&context))) }
        return values
    }
}
