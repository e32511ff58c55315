/// Where a value comes from: a literal, or a variable looked up in the context.
enum Operand: Sendable {
    case literal(TemplateValue)
    case variable(Variable)

    /// The value; nil where the variable does not exist.
    func resolve(_ context: inout RenderContext) throws(TemplateRenderError) -> TemplateValue? {
        switch self {
        case .literal(let value): value
        case .variable(let variable): try context.lookUp(variable)
        }
    }
}

/// A dotted name such as `form.username.errors`.
struct Variable: Sendable {
    let name: String
    let attributes: [String]

    /// `block.super`, the block of the template that this one extends.
    var isBlockSuper: Bool { name == "block" && attributes == ["super"] }
}

/// An operand and the filters that its value goes through: `name|default:"nobody"|upper`.
struct FilterExpression: Sendable {
    struct Call: Sendable {
        let filter: Filter
        let argument: Operand?
    }

    let operand: Operand
    let calls: [Call]
    let location: SourceLocation

    /// The value that is known without a context; nil where there is none.
    var literal: TemplateValue? {
        guard case .literal(let value) = operand, calls.isEmpty else { return nil }
        return value
    }

    /// The value; a variable that does not exist is the empty string, or `None` when failures are ignored
    /// (as `{% if %}` and `{% for %}` do).
    func resolve(
        _ context: inout RenderContext, ignoringFailures: Bool = false
    ) throws(TemplateRenderError) -> TemplateValue {
        var value = try operand.resolve(&context) ?? (ignoringFailures ? .none : .string(""))
        for call in calls {
            var argument: TemplateValue?
            if let operand = call.argument {
                argument = try operand.resolve(&context)
                if argument == nil { throw missing(operand) }
            }
            do {
                value = try call.filter(value, argument, autoescape: context.autoescape)
            } catch {
                throw TemplateRenderError(location, "\(call.filter.name): \(error.message)")
            }
        }
        return value
    }

    private func missing(_ operand: Operand) -> TemplateRenderError {
        guard case .variable(let variable) = operand else { return TemplateRenderError(location, "no value") }
        let name = ([variable.name] + variable.attributes).joined(separator: ".")
        return TemplateRenderError(location, "variable '\(name)' does not exist", kind: .variableDoesNotExist)
    }
}
