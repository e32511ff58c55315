/// The messages of one field, or of a form as a whole (Django's `ErrorList`).
public final class ErrorList: TemplateObject {
    public let messages: [String]
    /// The `id` of the field's control, from which the list gets its own.
    let fieldID: String
    let isNonField: Bool

    init(_ messages: [String] = [], fieldID: String = "", isNonField: Bool = false) {
        (self.messages, self.fieldID, self.isNonField) = (messages, fieldID, isNonField)
    }

    /// Of a field, and of a form as a whole, that has no errors.
    static let none = ErrorList()
    static let noneOfForm = ErrorList(isNonField: true)

    func adding(_ more: [String]) -> ErrorList {
        ErrorList(messages + more, fieldID: fieldID, isNonField: isNonField)
    }

    public var elements: [TemplateValue]? { messages.map { .string($0) } }
    public var isTrue: Bool { !messages.isEmpty }

    public func attribute(_ name: AttributeName) -> TemplateValue? {
        switch name.known {
        case .asUL: .safe(html)
        case .asText: .safe(messages.map { "* " + escapeHTML($0) }.joined(separator: "\n"))
        case .errorClass: .string(errorClass)
        case .fieldID: .string(fieldID)
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
final class ErrorDictionary: TemplateObject {
    let entries: [(name: String, errors: ErrorList)]

    init(entries: [(name: String, errors: ErrorList)]) { self.entries = entries }

    var elements: [TemplateValue]? { entries.map { .string($0.name) } }
    var isTrue: Bool { !entries.isEmpty }

    func attribute(_ name: AttributeName) -> TemplateValue? {
        if let entry = entries.first(where: { $0.name == name.text }) { return .object(entry.errors) }
        switch name.known {
        case .items: return .list(entries.map { .list([.string($0.name), .object($0.errors)]) })
        case .keys: return elements.map { .list($0) }
        case .values: return .list(entries.map { .object($0.errors) })
        case .asUL: return .safe(html)
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
