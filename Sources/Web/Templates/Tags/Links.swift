/// `{% url 'name' argument … as variable %}`
struct URLNode: Node {
    let name: FilterExpression
    let arguments: [FilterExpression]
    let variable: String?
    /// The URL, where nothing in it depends on the context.
    let known: String?

    /// A URL that is known here is worked out now, so that a wrong name shows at start-up.
    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = Array(token.words().dropFirst())
        let variable = words.takeVariable()
        guard let first = words.first else {
            throw TemplateSyntaxError(token.location, "'url' needs the name of a URL")
        }
        let name = try parser.expression(first, in: token)
        var arguments: [FilterExpression] = []
        for word in words.dropFirst() {
            guard TemplateParser.keyword(word) == nil else {
                throw TemplateSyntaxError(token.location, "'url' takes its arguments by position here: '\(word)'")
            }
            arguments.append(try parser.expression(word, in: token))
        }
        var known: String?
        let literals = arguments.compactMap(\.literal)
        if let name = name.literal?.text, literals.count == arguments.count {
            known = parser.site.url(name, literals)
            guard known != nil || variable != nil else {
                throw TemplateSyntaxError(token.location, "there is no URL '\(name)' with these arguments")
            }
        }
        if let known, variable == nil, escapeHTML(known) == known { return TextNode(bytes: Array(known.utf8)) }
        return URLNode(name: name, arguments: arguments, variable: variable, known: known)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let url = if let known { known } else { try reverse(&context) }
        if let variable { return context.set(variable, to: .string(url ?? "")) }
        guard let url else {
            throw TemplateRenderError(name.location, "there is no URL of this name with these arguments")
        }
        TemplateValue.string(url).render(autoescape: context.autoescape, into: &output)
    }

    private func reverse(_ context: inout RenderContext) throws(TemplateRenderError) -> String? {
        let name = try self.name.resolve(&context).description
        var values: [TemplateValue] = []
        for argument in arguments { values.append(try argument.resolve(&context)) }
        return context.library.site.url(name, values)
    }
}

/// `{% static "path" as variable %}`
struct StaticNode: Node {
    /// Django's `filepath_to_uri`.
    private static let safe = ASCIISet.unreserved(and: "/!*()'")

    let path: FilterExpression
    let variable: String?

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = Array(token.words().dropFirst())
        let variable = words.takeVariable()
        guard let path = words.first, words.count == 1 else {
            throw TemplateSyntaxError(token.location, "'static' takes one path")
        }
        return StaticNode(path: try parser.expression(path, in: token), variable: variable)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let path = Array(try path.resolve(&context).description.utf8).drop { $0 == UInt8(ascii: "/") }
        let url = context.library.site.staticURL + quote(path, safe: Self.safe)
        let value = TemplateValue.string(url)
        guard let variable else { return value.render(autoescape: context.autoescape, into: &output) }
        context.set(variable, to: context.autoescape ? .safe(value.escaped) : value)
    }
}

extension [String] {
    /// Takes `as name` from the end.
    mutating func takeVariable() -> String? {
        guard count >= 3, self[count - 2] == "as" else { return nil }
        defer { removeLast(2) }
        return last
    }
}
