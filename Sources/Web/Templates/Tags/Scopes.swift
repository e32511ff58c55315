/// `{% with name=value %}…{% endwith %}`
struct WithNode: Node {
    let assignments: [Assignment]
    let body: NodeList

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = token.words().dropFirst()
        let assignments = try parser.assignments(&words, of: token, legacy: true)
        guard !assignments.isEmpty else {
            throw TemplateSyntaxError(token.location, "'with' needs at least one name=value")
        }
        if let word = words.first { throw TemplateSyntaxError(token.location, "'with' does not understand '\(word)'") }
        return WithNode(assignments: assignments, body: try parser.parse(until: ["endwith"], of: token).nodes)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let values = try assignments.resolve(&context)
        try context.withScope { context throws(TemplateRenderError) in
            for (name, value) in values { context.set(name, to: value) }
            try body.render(&context, into: &output)
        }
    }
}

/// `{% autoescape on %}…{% endautoescape %}`
struct AutoescapeNode: Node {
    let isOn: Bool
    let body: NodeList

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        let words = token.words()
        guard words.count == 2, words[1] == "on" || words[1] == "off" else {
            throw TemplateSyntaxError(token.location, "'autoescape' is followed by 'on' or 'off'")
        }
        return AutoescapeNode(
            isOn: words[1] == "on", body: try parser.parse(until: ["endautoescape"], of: token).nodes)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let outer = context.autoescape
        context.autoescape = isOn
        defer { context.autoescape = outer }
        try body.render(&context, into: &output)
    }
}
