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
final class Variable: Sendable {
    let name: String
    let attributes: [AttributeName]
    /// `block.super`, the block of the template that this one extends.
    let isBlockSuper: Bool

    init(name: String, attributes: [String]) {
        self.name = name
        self.attributes = attributes.map { AttributeName($0) }
        isBlockSuper = name == "block" && attributes == ["super"]
    }
}

/// An operand and the filters that its value goes through: `name|default:"nobody"|upper`.
final class FilterExpression: Sendable {
    struct Call: Sendable {
        let filter: Filter
        let argument: Operand?
    }

    let operand: Operand
    let calls: [Call]
    let location: SourceLocation
    /// Whether it asks for no `block.super`.
    let isPlain: Bool

    init(operand: Operand, calls: [Call], location: SourceLocation) {
        (self.operand, self.calls, self.location) = (operand, calls, location)
        isPlain = ([operand] + calls.compactMap(\.argument)).allSatisfy { operand in
            if case .variable(let variable) = operand { !variable.isBlockSuper } else { true }
        }
    }

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

    /// Appends what `{{ expression }}` prints.
    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        try resolve(&context).render(autoescape: context.autoescape, into: &output)
    }

    private func missing(_ operand: Operand) -> TemplateRenderError {
        guard case .variable(let variable) = operand else { return TemplateRenderError(location, "no value") }
        let name = ([variable.name] + variable.attributes.map(\.text)).joined(separator: ".")
        return TemplateRenderError(location, "variable '\(name)' does not exist", kind: .variableDoesNotExist)
    }
}
