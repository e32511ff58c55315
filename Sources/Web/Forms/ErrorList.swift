/// The messages of one field, or of a form as a whole (Django's `ErrorList`).
public struct ErrorList: TemplateObject {
    public internal(set) var messages: [String] = []
    /// The `id` of the field's control, from which the list gets its own.
    var fieldID = ""
    var isNonField = false

    public var elements: [TemplateValue]? { messages.map { .string($0) } }
    public var isTrue: Bool { !messages.isEmpty }

    public func attribute(_ name: String) -> TemplateValue? {
        switch name {
        case "as_ul": .safe(html)
        case "as_text": .safe(messages.map { "* " + escapeHTML($0) }.joined(separator: "\n"))
        case "error_class": .string(errorClass)
        case "field_id": .string(fieldID)
        default: nil
        }
    }

    private var errorClass: String { isNonField ? "errorlist nonfield" : "errorlist" }

    public func render(into output: inout [UInt8]) {
        guard isTrue else { return }
        output.append(text: "<ul class=\"\(errorClass)\"")
        if !fieldID.utf8.isEmpty { output.append(text: " id=\"\(escapeHTML(fieldID))_error\"") }
        output.append(text: ">")
        for message in messages {
            output.append(text: "<li>")
            output.append(escaping: message)
            output.append(text: "</li>")
        }
        output.append(text: "</ul>")
    }
}

/// The errors of all fields in the order in which they were found (Django's `ErrorDict`).
struct ErrorDictionary: TemplateObject {
    let entries: [(name: String, errors: ErrorList)]

    var elements: [TemplateValue]? { entries.map { .string($0.name) } }
    var isTrue: Bool { !entries.isEmpty }

    func attribute(_ name: String) -> TemplateValue? {
        if let entry = entries.first(where: { $0.name == name }) { return .object(entry.errors) }
        switch name {
        case "items": return .list(entries.map { .list([.string($0.name), .object($0.errors)]) })
        case "keys": return elements.map { .list($0) }
        case "values": return .list(entries.map { .object($0.errors) })
        case "as_ul": return .safe(html)
        default: return nil
        }
    }

    func render(into output: inout [UInt8]) {
        guard isTrue else { return }
        output.append(text: "<ul class=\"errorlist\">")
        for (name, errors) in entries {
            output.append(text: "<li>")
            output.append(escaping: name)
            errors.render(into: &output)
            output.append(text: "</li>")
        }
        output.append(text: "</ul>")
    }
}
