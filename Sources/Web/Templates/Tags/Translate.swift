/// `{% translate "text" %}`, printed as it is written.
struct TranslateNode: Node {
    let message: FilterExpression
    let variable: String?

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = token.words().dropFirst()
        guard let message = words.popFirst() else {
            throw TemplateSyntaxError(token.location, "'\(token.command)' needs a text")
        }
        var variable: String?
        while let option = words.popFirst() {
            switch (option, words.first) {
            case ("noop", _): continue
            case ("as", let name?): variable = name
            case ("context", let context?): _ = try parser.expression(context, in: token)
            default:
                throw TemplateSyntaxError(token.location, "'\(token.command)' does not understand '\(option)'")
            }
            words.removeFirst()
        }
        return TranslateNode(message: try parser.expression(message, in: token), variable: variable)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let value = try message.resolve(&context)
        guard let variable else { return value.render(autoescape: context.autoescape, into: &output) }
        context.set(variable, to: context.autoescape ? .safe(value.escaped) : value)
    }
}
