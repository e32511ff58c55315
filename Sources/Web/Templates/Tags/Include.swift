/// `{% include "name.html" with x=y only %}`
struct IncludeNode: Node {
    let name: FilterExpression
    /// The place of a template that is named literally.
    let place: Int?
    let assignments: [Assignment]
    let isIsolated: Bool

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = token.words().dropFirst()
        guard let word = words.popFirst() else {
            throw TemplateSyntaxError(token.location, "'include' needs the name of a template")
        }
        let name = try parser.expression(word, in: token)
        var place: Int?
        if let literal = name.literal {
            place = literal.text.flatMap { parser.site.templates[$0] }
            guard place != nil else {
                throw TemplateSyntaxError(token.location, "there is no template '\(literal.description)'")
            }
        }
        var (assignments, isIsolated) = ([Assignment](), false)
        while let option = words.popFirst() {
            switch option {
            case "only" where !isIsolated:
                isIsolated = true
            case "with" where assignments.isEmpty:
                assignments = try parser.assignments(&words, of: token)
                guard !assignments.isEmpty else {
                    throw TemplateSyntaxError(token.location, "'with' needs at least one name=value")
                }
            default:
                throw TemplateSyntaxError(token.location, "'include' does not understand '\(option)'")
            }
        }
        return IncludeNode(name: name, place: place, assignments: assignments, isIsolated: isIsolated)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let template = try template(&context)
        let values = try assignments.resolve(&context)
        try context.include(template, adding: values, isolated: isIsolated, at: name.location, into: &output)
    }

    private func template(_ context: inout RenderContext) throws(TemplateRenderError) -> Template {
        if let place { return context.library[place] }
        let value = try name.resolve(&context)
        guard let template = value.text.flatMap({ context.library[$0] }) else {
            throw TemplateRenderError(name.location, "there is no template '\(value.description)'")
        }
        return template
    }
}
