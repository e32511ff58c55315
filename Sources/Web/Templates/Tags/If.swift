/// `{% if %}…{% elif %}…{% else %}…{% endif %}`
struct IfNode: Node {
    struct Branch: Sendable {
        /// Nil for `{% else %}`.
        let condition: Condition?
        let nodes: NodeList
    }

    let branches: [Branch]

    var isPlain: Bool { branches.allSatisfy { ($0.condition?.isPlain ?? true) && $0.nodes.isPlain } }

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        var branches: [Branch] = []
        var opening = token
        while opening.command != "else" {
            let condition = try Condition(opening)
            let (nodes, end) = try parser.parse(until: ["elif", "else", "endif"], of: opening)
            branches.append(Branch(condition: condition, nodes: nodes))
            if end.command == "endif" { return IfNode(branches: branches) }
            opening = end
        }
        branches.append(Branch(condition: nil, nodes: try parser.parse(until: ["endif"], of: token).nodes))
        return IfNode(branches: branches)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        for branch in branches {
            if let condition = branch.condition, try !condition.holds(&context) { continue }
            return try branch.nodes.render(&context, into: &output)
        }
    }
}
