/// A place in a template file.
struct SourceLocation: Sendable {
    var file: String
    var line: Int
}

/// A mistake in a template, found when it is parsed.
public struct TemplateSyntaxError: Error, CustomStringConvertible {
    /// The template's file, as it is shown to people.
    public let file: String
    /// The line of the tag, counted from 1.
    public let line: Int
    public let message: String

    public var description: String { "\(file):\(line): \(message)" }

    init(_ location: SourceLocation, _ message: String) {
        (file, line, self.message) = (location.file, location.line, message)
    }
}

/// A failure while a template is rendered: a value of the wrong kind, a URL or a template that does not exist.
public struct TemplateRenderError: Error, CustomStringConvertible {
    /// What an `{% if %}` forgives and what it does not.
    enum Kind {
        case variableDoesNotExist, other
    }

    let kind: Kind
    let location: SourceLocation?
    public let message: String

    public var description: String {
        guard let location else { return message }
        return "\(location.file):\(location.line): \(message)"
    }

    init(_ location: SourceLocation?, _ message: String, kind: Kind = .other) {
        (self.kind, self.location, self.message) = (kind, location, message)
    }
}
