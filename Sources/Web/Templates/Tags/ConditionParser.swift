extension Condition {
    /// Parses the words of an `{% if %}` or `{% elif %}`.
    init(_ token: TemplateToken) throws(TemplateSyntaxError) {
        var parser = ConditionParser(token)
        self = try parser.parse(above: 0)
        if let word = parser.next {
            throw TemplateSyntaxError(token.location, "unused '\(word)' at the end of the condition")
        }
    }
}

/// Operator precedence by binding powers, Python's order: or, and, not, in, comparisons.
private struct ConditionParser {
    private let token: TemplateToken
    private var words: ArraySlice<String>

    init(_ token: TemplateToken) {
        self.token = token
        var words: [String] = []
        for word in token.words().dropFirst() {
            switch (words.last, word) {
            case ("is", "not"): words[words.count - 1] = "is not"
            case ("not", "in"): words[words.count - 1] = "not in"
            default: words.append(word)
            }
        }
        self.words = words[...]
    }

    var next: String? { words.first }

    mutating func parse(above power: Int) throws(TemplateSyntaxError) -> Condition {
        var left = try parseOperand()
        while let word = words.first, let (binding, combine) = Self.infix(word), power < binding {
            words.removeFirst()
            left = combine(left, try parse(above: binding))
        }
        return left
    }

    private mutating func parseOperand() throws(TemplateSyntaxError) -> Condition {
        guard let word = words.popFirst() else {
            throw TemplateSyntaxError(token.location, "the condition ends too early")
        }
        if word == "not" { return .not(try parse(above: 8)) }
        guard Self.infix(word) == nil else {
            throw TemplateSyntaxError(token.location, "'\(word)' does not belong at this place of a condition")
        }
        return .value(try FilterExpression(word, at: token.location))
    }

    private static func infix(_ word: String) -> (binding: Int, combine: (Condition, Condition) -> Condition)? {
        switch word {
        case "or": return (6, Condition.or)
        case "and": return (7, Condition.and)
        default:
            guard let comparison = Condition.Comparison(rawValue: word) else { return nil }
            let isMembership = comparison == .memberOf || comparison == .notMemberOf
            return (isMembership ? 9 : 10, { .comparison(comparison, $0, $1) })
        }
    }
}
