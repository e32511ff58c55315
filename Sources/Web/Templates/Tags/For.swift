/// `{% for x in list %}…{% empty %}…{% endfor %}`
struct ForNode: Node {
    let variables: [String]
    let sequence: FilterExpression
    let isReversed: Bool
    let body: NodeList
    let empty: NodeList

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var words = token.words()
        let isReversed = words.last == "reversed"
        if isReversed { words.removeLast() }
        guard words.count >= 4, words[words.count - 2] == "in" else {
            throw TemplateSyntaxError(token.location, "'for' is written 'for x in y': \(token.text)")
        }
        let variables = try loopVariables(words[1..<(words.count - 2)], token)
        let sequence = try parser.expression(words[words.count - 1], in: token)
        let (body, end) = try parser.parse(until: ["empty", "endfor"], of: token)
        let empty = end.command == "empty" ? try parser.parse(until: ["endfor"], of: token).nodes : NodeList()
        return ForNode(variables: variables, sequence: sequence, isReversed: isReversed, body: body, empty: empty)
    }

    /// The names before `in`, separated by commas.
    private static func loopVariables(
        _ words: ArraySlice<String>, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> [String] {
        let names = words.joined(separator: " ").parts(separatedBy: ",").map(\.pythonStripped)
        guard names.allSatisfy(isName) else {
            throw TemplateSyntaxError(token.location, "'for' has a loop variable that is no name: \(token.text)")
        }
        return names
    }

    private static func isName(_ text: String) -> Bool {
        !text.utf8.isEmpty && !text.utf8.contains { $0.isQuote || " |".utf8.contains($0) }
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        let parent = context.lookUp("forloop")
        try context.withScope { context throws(TemplateRenderError) in
            let value = try sequence.resolve(&context, ignoringFailures: true)
            guard var items = value.isNone ? [] : value.elements else {
                throw TemplateRenderError(sequence.location, "'for' needs a list, a dictionary or a text")
            }
            if items.isEmpty { return try empty.render(&context, into: &output) }
            if isReversed { items.reverse() }
            for (index, item) in items.enumerated() {
                context.set("forloop", to: .object(ForLoop(index: index, count: items.count, parent: parent)))
                try renderBody(item, &context, into: &output)
            }
        }
    }

    private func renderBody(
        _ item: TemplateValue, _ context: inout RenderContext, into output: inout [UInt8]
    ) throws(TemplateRenderError) {
        guard variables.count > 1 else {
            if let name = variables.first { context.set(name, to: item) }
            return try body.render(&context, into: &output)
        }
        let parts = item.elements ?? [item]
        guard parts.count == variables.count else {
            throw TemplateRenderError(
                sequence.location, "'for' needs \(variables.count) values to unpack and got \(parts.count)")
        }
        try context.withScope { context throws(TemplateRenderError) in
            for (name, part) in zip(variables, parts) { context.set(name, to: part) }
            try body.render(&context, into: &output)
        }
    }
}

/// The variable `forloop`.
private final class ForLoop: TemplateObject {
    let index: Int
    let count: Int
    let parent: TemplateValue?

    init(index: Int, count: Int, parent: TemplateValue?) {
        (self.index, self.count, self.parent) = (index, count, parent)
    }

    func attribute(_ name: AttributeName) -> TemplateValue? {
        switch name.text {
        case "counter": .int(index + 1)
        case "counter0": .int(index)
        case "revcounter": .int(count - index)
        case "revcounter0": .int(count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == count - 1)
        case "parentloop": parent ?? .dictionary([:])
        default: nil
        }
    }
}

extension TemplateValue {
    var isNone: Bool {
        if case .none = self { true } else { false }
    }
}
