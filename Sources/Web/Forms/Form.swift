/// Fields and what a visitor has sent for them (Django's `forms.Form`).
///
///     let form = Form([CharField("username", maxLength: 100), CharField("password", widget: .password)], data: post)
///     guard form.isValid, let username = form.cleanedData["username"] else { … }
public struct Form: Sendable {
    /// The key of the errors that belong to no field.
    static let nonFieldErrors = "__all__"

    /// One reference, because templates copy a form with each field that they look at.
    fileprivate private(set) var content: Content

    fileprivate init(_ content: Content) { self.content = content }

    fileprivate final class Content: TemplateObject {
        let fields: [CharField]
        let isBound: Bool
        let data: QueryDict
        let initial: [String: String]
        let cleanedData: [String: String]
        let errors: [(name: String, errors: ErrorList)]

        init(
            fields: [CharField], isBound: Bool, data: QueryDict, initial: [String: String],
            cleanedData: [String: String], errors: [(name: String, errors: ErrorList)]
        ) {
            (self.fields, self.isBound, self.data, self.initial) = (fields, isBound, data, initial)
            (self.cleanedData, self.errors) = (cleanedData, errors)
        }
    }

    public var fields: [CharField] { content.fields }
    /// Whether the form was given data; one that was not is never valid and shows no errors.
    public var isBound: Bool { content.isBound }
    /// The cleaned values of the fields without an error.
    public var cleanedData: [String: String] { content.cleanedData }
    var errorEntries: [(name: String, errors: ErrorList)] { content.errors }
    var data: QueryDict { content.data }
    var initial: [String: String] { content.initial }

    /// Cleans the data at once.
    ///
    /// - Parameters:
    ///   - data: What was submitted; nil for a form that is only shown.
    ///   - initial: What an unbound form shows, by field name; it goes before the fields' own initial values.
    public init(_ fields: [CharField], data: QueryDict? = nil, initial: [String: String] = [:]) {
        var cleanedData: [String: String] = [:]
        var errors: [(name: String, errors: ErrorList)] = []
        if let data {
            for field in fields {
                let (value, messages) = field.clean(data[field.name])
                if messages.isEmpty {
                    cleanedData[field.name] = value
                } else {
                    errors.append((field.name, ErrorList(messages, fieldID: "id_" + field.name)))
                }
            }
        }
        content = Content(
            fields: fields, isBound: data != nil, data: data ?? QueryDict(), initial: initial, cleanedData: cleanedData,
            errors: errors)
    }

    /// Whether the form is bound and without errors.
    public var isValid: Bool { isBound && errorEntries.isEmpty }

    /// The messages by field; those of the form as a whole stand under `__all__`.
    public var errors: [String: [String]] {
        Dictionary(errorEntries.map { ($0.name, $0.errors.messages) }) { first, _ in first }
    }

    /// The messages that belong to no field.
    public var nonFieldErrors: [String] { errorList(Self.nonFieldErrors).messages }

    /// Adds a message to a field, or with nil to the form as a whole, and drops the field's cleaned value.
    public mutating func addError(_ field: String?, _ message: String) {
        let name = field ?? Self.nonFieldErrors
        var errors = errorEntries
        if let index = errors.firstIndex(where: { $0.name == name }) {
            errors[index].errors = errors[index].errors.adding([message])
        } else {
            let list = ErrorList(
                [message], fieldID: field.map { "id_" + $0 } ?? "", isNonField: field == nil)
            errors.append((name, list))
        }
        content = Content(
            fields: fields, isBound: isBound, data: data, initial: initial,
            cleanedData: cleanedData.filter { $0.key != name }, errors: errors)
    }

    /// The errors under a name, empty where there are none.
    func errorList(_ name: String) -> ErrorList {
        if let entry = errorEntries.first(where: { $0.name == name }) { return entry.errors }
        return name == Self.nonFieldErrors ? .noneOfForm : .none
    }

    var boundFields: [BoundField] { fields.map { BoundField(form: self, field: $0) } }
}

extension TemplateValue {
    /// A form, whose fields a template prints: `["form": TemplateValue(form)]`.
    public init(_ form: Form) { self = .object(form.content) }
}

extension Form {
    /// What `{{ form }}` prints: `{{ form.as_div }}`.
    public var html: String { content.html }
}

extension Form.Content {
    private var form: Form { Form(self) }

    /// Loops over the fields.
    var elements: [TemplateValue]? { form.boundFields.map { .object($0) } }

    func render(into output: inout [UInt8]) {
        output += FormLayout.div.render(form)
    }

    func attribute(_ name: AttributeName) -> TemplateValue? {
        if let field = fields.first(where: { $0.name == name.text }) {
            return .object(BoundField(form: form, field: field))
        }
        switch name.known {
        case .asDiv: return layout(.div)
        case .asP: return layout(.p)
        case .asTable: return layout(.table)
        case .asUL: return layout(.ul)
        case .errors: return .object(ErrorDictionary(entries: errors))
        case .nonFieldErrors: return .object(form.errorList(Form.nonFieldErrors))
        case .hiddenFields: return .list(form.boundFields.filter(\.isHidden).map { .object($0) })
        case .visibleFields: return .list(form.boundFields.filter { !$0.isHidden }.map { .object($0) })
        case .isBound: return .bool(isBound)
        case .isValid: return .bool(form.isValid)
        case .isMultipart: return .bool(false)
        case .media: return .safe("")
        default: return nil
        }
    }

    private func layout(_ layout: FormLayout) -> TemplateValue {
        .safe(String(decoding: layout.render(form), as: UTF8.self))
    }
}
