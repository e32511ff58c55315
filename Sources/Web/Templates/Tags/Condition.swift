/// The expression of an `{% if %}`.
indirect enum Condition: Sendable {
    case value(FilterExpression)
    case not(Condition)
    case and(Condition, Condition)
    case or(Condition, Condition)
    case comparison(Comparison, Condition, Condition)

    enum Comparison: String {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case memberOf = "in"
        case notMemberOf = "not in"
        case identical = "is"
        case notIdentical = "is not"
    }

    /// Whether it asks for no `block.super`.
    var isPlain: Bool {
        switch self {
        case .value(let expression): expression.isPlain
        case .not(let operand): operand.isPlain
        case .and(let left, let right), .or(let left, let right), .comparison(_, let left, let right):
            left.isPlain && right.isPlain
        }
    }

    /// Whether the branch is taken; a missing variable is `None`, and a missing filter argument takes no branch.
    func holds(_ context: inout RenderContext) throws(TemplateRenderError) -> Bool {
        do {
            return try evaluate(&context).isTrue
        } catch  where error.kind == .variableDoesNotExist {
            return false
        }
    }

    private func evaluate(_ context: inout RenderContext) throws(TemplateRenderError) -> TemplateValue {
        if case .value(let expression) = self { return try expression.resolve(&context, ignoringFailures: true) }
        do {
            return try operate(&context)
        } catch {
            return .bool(false)  // Django: an operator that fails is false
        }
    }

    private func operate(_ context: inout RenderContext) throws(TemplateRenderError) -> TemplateValue {
        switch self {
        case .value(let expression):
            return try expression.resolve(&context, ignoringFailures: true)
        case .not(let operand):
            return try .bool(!operand.evaluate(&context).isTrue)
        case .and(let left, let right):
            let value = try left.evaluate(&context)
            return value.isTrue ? try right.evaluate(&context) : value
        case .or(let left, let right):
            let value = try left.evaluate(&context)
            return value.isTrue ? value : try right.evaluate(&context)
        case .comparison(let comparison, let left, let right):
            let (left, right) = (try left.evaluate(&context), try right.evaluate(&context))
            return .bool(comparison.holds(left, right))
        }
    }
}

extension Condition.Comparison {
    /// Values that cannot be compared give false, as the TypeError does in Django.
    func holds(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
        switch self {
        case .equal: left.equals(right)
        case .unequal: !left.equals(right)
        case .less: left.precedes(right) ?? false
        case .greater: right.precedes(left) ?? false
        case .lessOrEqual: left.precedes(right).map { $0 || left.equals(right) } ?? false
        case .greaterOrEqual: right.precedes(left).map { $0 || left.equals(right) } ?? false
        case .memberOf: right.contains(left) ?? false
        case .notMemberOf: right.contains(left).map { !$0 } ?? false
        case .identical: left.isIdentical(to: right)
        case .notIdentical: !left.isIdentical(to: right)
        }
    }
}
