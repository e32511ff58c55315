/// Turns the tokens of one template into nodes.
struct TemplateParser {
    /// What the tags need to know of the other templates and of the site.
    let site: TemplateSite
    private var tokens: ArraySlice<TemplateToken>
    /// The bodies of the template's blocks, for the templates that extend it.
    private(set) var blocks: [String: NodeList] = [:]
    /// The template that this one extends.
    var parent: (name: String, location: SourceLocation)?
    /// Whether anything but text has been seen, before which `{% extends %}` must stand.
    private(set) var hasTags = false

    init(_ source: String, file: String, site: TemplateSite) {
        self.site = site
        tokens = TemplateToken.tokenize(source, file: file)[...]
    }

    /// Parses the whole template.
    mutating func parse() throws(TemplateSyntaxError) -> NodeList {
        try parse(until: [], of: nil).nodes
    }

    /// Parses up to the tag that ends a block, and gives that tag too.
    mutating func parse(
        until ends: Set<String>, of opening: TemplateToken
    ) throws(TemplateSyntaxError) -> (nodes: NodeList, end: TemplateToken) {
        let (nodes, end) = try parse(until: ends, of: Optional(opening))
        guard let end else { throw unclosed(opening, ends) }
        return (nodes, end)
    }

    private mutating func parse(
        until ends: Set<String>, of opening: TemplateToken?
    ) throws(TemplateSyntaxError) -> (nodes: NodeList, end: TemplateToken?) {
        var nodes = NodeList()
        while let token = tokens.popFirst() {
            switch token.kind {
            case .text:
                nodes.append(TextNode(bytes: token.contents))
            case .variable:
                hasTags = true
                nodes.append(VariableNode(expression: try FilterExpression(token.text, at: token.location)))
            case .block:
                let command = token.command
                if ends.contains(command) { return (nodes, token) }
                guard let tag = Self.tags[command] else { throw unknown(token, command, expected: ends) }
                if let node = try tag(&self, token) { nodes.append(node) }
                hasTags = true
            }
        }
        if let opening { throw unclosed(opening, ends) }
        return (nodes, nil)
    }

    /// Takes the next token, whatever it is.
    mutating func next() -> TemplateToken? {
        tokens.popFirst()
    }

    /// Notes the body of a block; its name may stand only once in a template.
    mutating func define(_ name: String, _ body: NodeList) {
        blocks[name] = body
    }

    func expression(_ word: String, in token: TemplateToken) throws(TemplateSyntaxError) -> FilterExpression {
        try FilterExpression(word, at: token.location)
    }

    func unclosed(_ opening: TemplateToken, _ ends: Set<String>) -> TemplateSyntaxError {
        TemplateSyntaxError(opening.location, "'\(opening.command)' is not closed by \(Self.list(ends))")
    }

    private func unknown(_ token: TemplateToken, _ command: String, expected: Set<String>) -> TemplateSyntaxError {
        let hint = expected.isEmpty ? "" : ", expected \(Self.list(expected))"
        let problem = command.isEmpty ? "empty tag" : "unknown tag '\(command)'"
        return TemplateSyntaxError(token.location, problem + hint)
    }

    private static func list(_ names: Set<String>) -> String {
        names.sorted().map { "'\($0)'" }.joined(separator: " or ")
    }
}

/// What a tag can ask while it is parsed.
struct TemplateSite: Sendable {
    /// The names of all templates and their places in the library.
    let templates: [String: Int]
    /// The path of a URL by its name and arguments (Django's `reverse`); nil where there is none.
    let url: @Sendable (_ name: String, _ arguments: [TemplateValue]) -> String?
    /// Django's `STATIC_URL`.
    let staticURL: String
}
