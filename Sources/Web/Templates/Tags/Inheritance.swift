/// `{% extends "base.html" %}`: noted by the parser, worked in when the library is linked.
enum ExtendsTag {
    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        let words = token.words()
        guard words.count == 2, let name = try parser.expression(words[1], in: token).literal?.text else {
            throw TemplateSyntaxError(token.location, "'extends' takes the name of a template in quotes")
        }
        guard parser.parent == nil else {
            throw TemplateSyntaxError(token.location, "'extends' stands twice in the template")
        }
        guard !parser.hasTags else {
            throw TemplateSyntaxError(token.location, "'extends' must be the first tag of the template")
        }
        parser.parent = (name, token.location)
        // What follows is only its blocks, which the parser notes.
        _ = try parser.parse()
        return nil
    }
}

/// `{% block name %}…{% endblock %}`
struct BlockNode: Node {
    let name: String

    static func parse(
        _ parser: inout TemplateParser, _ token: TemplateToken
    ) throws(TemplateSyntaxError) -> (any Node)? {
        let words = token.words()
        guard words.count == 2 else { throw TemplateSyntaxError(token.location, "'block' takes one name") }
        let name = words[1]
        guard parser.blocks[name] == nil else {
            throw TemplateSyntaxError(token.location, "block '\(name)' stands twice in the template")
        }
        parser.define(name, NodeList())
        let (body, end) = try parser.parse(until: ["endblock"], of: token)
        guard end.words().count == 1 || end.words() == ["endblock", name] else {
            throw TemplateSyntaxError(end.location, "'\(end.text)' closes block '\(name)'")
        }
        parser.define(name, body)
        return BlockNode(name: name)
    }

    func render(_ context: inout RenderContext, into output: inout [UInt8]) throws(TemplateRenderError) {
        try context.renderBlock(name, level: 0, into: &output)
    }
}

extension RenderContext {
    /// Renders the body of a block: level 0 is the most derived template's, the next is `block.super`.
    mutating func renderBlock(
        _ name: String, level: Int, into output: inout [UInt8]
    ) throws(TemplateRenderError) {
        guard let bodies = blocks[name], bodies.indices.contains(level) else { return }
        let outer = currentBlock
        currentBlock = (name, level)
        defer { currentBlock = outer }
        try withScope { context throws(TemplateRenderError) in
            try bodies[level].render(&context, into: &output)
        }
    }

    /// `block.super`; nil outside a block.
    mutating func renderedSuper() throws(TemplateRenderError) -> TemplateValue? {
        guard let (name, level) = currentBlock else { return nil }
        var output: [UInt8] = []
        try renderBlock(name, level: level + 1, into: &output)
        return .safe(String(decoding: output, as: UTF8.self))
    }
}
