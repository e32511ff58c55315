/// `{% csrf_token %}`: the hidden field that Django's CSRF protection looks for.
struct CSRFTokenNode: Node {
    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        CSRFTokenNode()
    }

    var isPlain: Bool { true }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) {
        guard let value = context.lookUp("csrf_token"), value.isTrue else { return }
        output.append(text: "<input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"")
        value.render(autoescape: true, into: &output)
        output.append(text: "\">")
    }
}

/// `{% firstof a b "fallback" as variable %}`: the first value that is true.
struct FirstOfNode: Node {
    let choices: [FilterExpression]
    let variable: String?

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = Array(token.words().dropFirst())
        let variable = words.takeVariable()
        var choices: [FilterExpression] = []
        for word in words { choices.append(try parser.expression(word, in: token)) }
        guard !choices.isEmpty else { throw TemplateSyntaxError(token.location, "'firstof' needs a value") }
        return FirstOfNode(choices: choices, variable: variable)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        var first = TemplateValue.safe("")
        for choice in choices {
            let value = try choice.resolve(&context, ignoringFailures: true)
            guard value.isTrue else { continue }
            first = context.autoescape ? .safe(value.escaped) : value
            break
        }
        guard let variable else { return first.render(autoescape: context.autoescape, into: &output) }
        context.set(variable, to: first)
    }
}

/// `{% spaceless %}…{% endspaceless %}`: no white space between HTML tags.
struct SpacelessNode: Node {
    let body: NodeList

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        SpacelessNode(body: try parser.parse(until: ["endspaceless"], of: token).nodes)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        var inner: [UInt8] = []
        try body.render(&context, into: &inner)
        var rest = inner[...].trimmed()
        while let tagEnd = rest.firstIndex(of: UInt8(ascii: ">")) {
            output += rest[...tagEnd]
            rest = rest[(tagEnd + 1)...]
            let next = rest.drop { $0.isTemplateSpace }
            if next.first == UInt8(ascii: "<") { rest = next }
        }
        output += rest
    }
}
