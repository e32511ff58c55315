/// A part of a parsed template.
protocol Node: Sendable {
    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError)

    /// Whether it prints the same outside of its block: it sets no variable and does not ask for `block.super`.
    var isPlain: Bool { get }
}

extension Node {
    var isPlain: Bool { false }
}

/// What stands between two tags.
struct NodeList: Sendable {
    /// Text and variables, the most common nodes, are kept apart: they need no look-up of what they are.
    private enum Item: Sendable {
        case text([UInt8])
        case variable(FilterExpression)
        case node(any Node)
    }

    private var items: [Item] = []

    var isPlain: Bool {
        items.allSatisfy { item in
            switch item {
            case .text: true
            case .variable(let expression): expression.isPlain
            case .node(let node): node.isPlain
            }
        }
    }

    /// Adds a node; text next to text becomes one piece.
    mutating func append(_ node: any Node) {
        switch node {
        case let node as TextNode: append(.text(node.bytes))
        case let node as VariableNode: append(.variable(node.expression))
        default: append(.node(node))
        }
    }

    private mutating func append(_ item: Item) {
        if case .text(let text) = item, case .text(let previous)? = items.last {
            items[items.count - 1] = .text(previous + text)
        } else {
            items.append(item)
        }
    }

    static func + (left: NodeList, right: NodeList) -> NodeList {
        right.items.reduce(into: left) { $0.append($1) }
    }

    /// With the bodies of these blocks in the place of those that need no scope of their own.
    func merging(_ blocks: [String: [NodeList]]) -> NodeList {
        items.reduce(into: NodeList()) { merged, item in
            if case .node(let block as BlockNode) = item, let body = blocks[block.name]?.first?.merging(blocks),
                body.isPlain
            {
                for item in body.items { merged.append(item) }
            } else {
                merged.append(item)
            }
        }
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        for item in items {
            switch item {
            case .text(let bytes): output.append(contentsOf: bytes)
            case .variable(let expression): try expression.render(&context, into: &output)
            case .node(let node): try node.render(&context, into: &output)
            }
        }
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
        try expression.render(&context, into: &output)
    }
}
