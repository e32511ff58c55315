/// A template with what it extends worked in.
struct Template: Sendable {
    let nodes: NodeList
    /// The bodies of each block, the most derived first.
    let blocks: [String: [NodeList]]
}

/// All the templates of a site, parsed once (Django's template engine).
public struct TemplateLibrary: Sendable {
    private let templates: [Template]
    let site: TemplateSite

    /// Parses every template, so that a mistake in one shows at start-up and not when a visitor meets it.
    ///
    /// - Parameters:
    ///   - sources: The text of each template by its name, such as `login.html`.
    ///   - url: The path that `{% url %}` prints for a name and its arguments; nil where there is no such URL.
    ///   - staticURL: Django's `STATIC_URL`, put before the paths of `{% static %}`.
    ///   - file: How a template's file is shown in messages.
    /// - Throws: `TemplateSyntaxError` with file and line: an unknown tag, filter, template or URL name, a block that
    ///   is not closed.
    public init(
        sources: [String: String],
        url: @escaping @Sendable (_ name: String, _ arguments: [TemplateValue]) -> String?,
        staticURL: String = "/static/",
        file: (_ name: String) -> String = { $0 }
    ) throws(TemplateSyntaxError) {
        let names = sources.keys.sortedByCodePoint()
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        site = TemplateSite(templates: places, url: url, staticURL: staticURL)

        var parsed: [ParsedTemplate] = []
        for name in names {
            parsed.append(try ParsedTemplate(sources[name] ?? "", file: file(name), site: site))
        }
        var templates: [Template] = []
        for template in parsed {
            templates.append(try template.linked(with: parsed, site: site))
        }
        self.templates = templates
    }

    /// A library without templates.
    public static let empty = TemplateLibrary()

    private init() {
        templates = []
        site = TemplateSite(templates: [:], url: { _, _ in nil }, staticURL: "/static/")
    }

    /// The rendered bytes of a template.
    ///
    /// - Throws: `TemplateRenderError` where the template does not exist or a value does not suit its tag or filter.
    public func render(_ name: String, _ context: TemplateContext = [:]) throws(TemplateRenderError)
        -> [UInt8]
    {
        var output: [UInt8] = []
        output.reserveCapacity(4096)
        try render(name, context, into: &output)
        return output
    }

    /// Appends the rendered bytes of a template.
    public func render(
        _ name: String, _ context: TemplateContext, into output: inout [UInt8]
    ) throws(TemplateRenderError) {
        guard let template = self[name] else { throw TemplateRenderError(nil, "there is no template '\(name)'") }
        var state = RenderContext(context, library: self)
        state.blocks = template.blocks
        try template.nodes.render(&state, into: &output)
    }

    subscript(name: String) -> Template? {
        site.templates[name].map { templates[$0] }
    }

    subscript(place: Int) -> Template {
        templates[place]
    }
}

/// A template as it stands in its file.
private struct ParsedTemplate {
    let nodes: NodeList
    let blocks: [String: NodeList]
    let parent: (name: String, location: SourceLocation)?

    init(_ source: String, file: String, site: TemplateSite) throws(TemplateSyntaxError) {
        var parser = TemplateParser(source, file: file, site: site)
        nodes = try parser.parse()
        blocks = parser.blocks
        parent = parser.parent
    }

    /// Follows `{% extends %}` up to the root. The text before an `{% extends %}` is printed, the rest of a child is
    /// only its blocks.
    func linked(with all: [ParsedTemplate], site: TemplateSite) throws(TemplateSyntaxError) -> Template {
        var template = self
        var nodes = self.nodes
        var blocks = self.blocks.mapValues { [$0] }
        var visited: Set<String> = []
        while let (name, location) = template.parent {
            guard let place = site.templates[name] else {
                throw TemplateSyntaxError(location, "there is no template '\(name)'")
            }
            guard visited.insert(name).inserted else {
                throw TemplateSyntaxError(location, "'\(name)' extends itself")
            }
            template = all[place]
            nodes = nodes + template.nodes
            blocks.merge(template.blocks.mapValues { [$0] }) { $0 + $1 }
        }
        return Template(nodes: nodes.merging(blocks), blocks: blocks)
    }
}
