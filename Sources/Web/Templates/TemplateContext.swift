/// The variables that a template is rendered with: `["username": "alice", "form": TemplateValue(form)]`.
public struct TemplateContext: ExpressibleByDictionaryLiteral {
    /// There are few: to look through them costs less than a hash. Of a name that stands twice the last counts.
    fileprivate(set) var values: [(name: String, value: TemplateValue)]
    /// Gives the masked token for `{% csrf_token %}` and `{{ csrf_token }}`; called only when the template uses it, because
    /// its use marks the CSRF cookie as needed.
    var csrfToken: (() -> String)?

    public init(_ values: [String: TemplateValue] = [:], csrfToken: (() -> String)? = nil) {
        self.values = values.map { (name: $0.key, value: $0.value) }
        self.csrfToken = csrfToken
    }

    public init(dictionaryLiteral values: (String, TemplateValue)...) {
        self.values = values.map { (name: $0, value: $1) }
    }

    /// The variable of that name; setting nil takes it away.
    public subscript(_ name: String) -> TemplateValue? {
        get { values.last { $0.name == name }?.value }
        set {
            values.removeAll { $0.name == name }
            if let newValue { values.append((name, newValue)) }
        }
    }
}

/// The state of one rendering: the scopes of variables and what the tags have switched.
struct RenderContext {
    /// What the view has given.
    private var given: TemplateContext
    /// The variables that tags have set, the innermost last; a scope is what stands behind `scopeStart`.
    private var locals: [(name: String, value: TemplateValue)] = []
    private var scopeStart = 0

    let library: TemplateLibrary
    var autoescape = true
    /// The bodies of each block, the most derived first.
    var blocks: [String: [NodeList]] = [:]
    /// The body that is being rendered, for `block.super`.
    var currentBlock: (name: String, level: Int)?
    private var includeDepth = 0

    init(_ context: TemplateContext, library: TemplateLibrary) {
        given = context
        self.library = library
    }

    /// Sets a variable in the innermost scope.
    mutating func set(_ name: String, to value: TemplateValue) {
        if let index = locals[scopeStart...].lastIndex(where: { $0.name == name }) {
            locals[index].value = value
        } else {
            locals.append((name, value))
        }
    }

    /// Runs the body in a scope of its own, whose variables end with it.
    mutating func withScope(
        _ body: (inout RenderContext) throws(TemplateRenderError) -> Void
    ) throws(TemplateRenderError) {
        let outer = scopeStart
        scopeStart = locals.count
        defer {
            locals.removeLast(locals.count - scopeStart)
            scopeStart = outer
        }
        try body(&self)
    }

    /// The value of a variable; nil where it does not exist.
    mutating func lookUp(_ variable: Variable) throws(TemplateRenderError) -> TemplateValue? {
        guard var value = lookUp(variable.name) else {
            return variable.isBlockSuper ? try renderedSuper() : nil
        }
        for attribute in variable.attributes {
            guard let next = value.attribute(attribute) else { return nil }
            value = next
        }
        return value
    }

    func lookUp(_ name: String) -> TemplateValue? {
        if let index = locals.lastIndex(where: { $0.name == name }) { return locals[index].value }
        if let value = given[name] { return value }
        switch name {
        case "True": return .bool(true)
        case "False": return .bool(false)
        case "None": return TemplateValue.none
        case "csrf_token": return given.csrfToken.map { .string($0()) }
        default: return nil
        }
    }

    /// Renders another template in a scope with the values added; isolated, it sees nothing but them.
    mutating func include(
        _ template: Template, adding extra: [(name: String, value: TemplateValue)], isolated: Bool,
        at location: SourceLocation, into output: inout [UInt8]
    ) throws(TemplateRenderError) {
        guard includeDepth < 50 else { throw TemplateRenderError(location, "templates include one another too deeply") }
        let outer = (blocks, currentBlock, given, locals, scopeStart)
        defer {
            (blocks, currentBlock, given, locals, scopeStart) = outer
            includeDepth -= 1
        }
        includeDepth += 1
        (blocks, currentBlock) = (template.blocks, nil)
        if isolated { (given, locals) = ([:], []) }
        scopeStart = locals.count
        locals += extra
        try template.nodes.render(&self, into: &output)
    }
}
