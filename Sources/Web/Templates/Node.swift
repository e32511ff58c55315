/// A part of a parsed template.
protocol Node: Sendable {
    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError)
}

/// What stands between two tags.
struct NodeList: Sendable {
    private(set) var nodes: [any Node] = []

    /// Adds a node; text next to text becomes one piece.
    mutating func append(_ node: any Node) {
        if let text = node as? TextNode, let previous = nodes.last as? TextNode {
            nodes[nodes.count - 1] = TextNode(bytes: previous.bytes + text.bytes)
        } else {
            nodes.append(node)
        }
    }

    static func + (left: NodeList, right: NodeList) -> NodeList {
        right.nodes.reduce(into: left) { $0.append($1) }
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        for node in nodes { try node.render(&context, into: &output) }
    }
}

/// Text that is printed as it stands in the template.
struct TextNode: Node {
    let bytes: [UInt8]

    func render(_ context: inout RenderContext, into output: inout [UInt8]) {
        output.append(contentsOf: bytes)
    }
}

/// `{{ expression }}`
struct VariableNode: Node {
    let expression: FilterExpression

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        try expression.resolve(&context).render(autoescape: context.autoescape, into: &output)
    }
}
