/// `{% comment %}…{% endcomment %}`, whose inside is not parsed.
enum CommentTag {
    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        while let next = parser.next() {
            if next.kind == .block, next.text == "endcomment" { return nil }
        }
        throw parser.unclosed(token, ["endcomment"])
    }
}

/// `{% verbatim %}…{% endverbatim %}`; the lexer has made text of what stands inside.
enum VerbatimTag {
    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var text: [UInt8] = []
        while let next = parser.next() {
            if next.kind == .block { return TextNode(bytes: text) }
            text += next.contents
        }
        throw parser.unclosed(token, ["end" + token.text])
    }
}

/// `{% load static i18n %}`: the tags of these libraries are always there.
enum LoadTag {
    private static let libraries: Set<String> = ["i18n", "l10n", "static", "tz"]

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var names = token.words().dropFirst()
        if names.count >= 3, names[names.endIndex - 2] == "from" { names = names.suffix(1) }
        for name in names where !libraries.contains(name) {
            throw TemplateSyntaxError(token.location, "there is no tag library '\(name)'")
        }
        return nil
    }
}
