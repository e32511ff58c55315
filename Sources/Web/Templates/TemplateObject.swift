/// Something with attributes that prints itself as HTML: a form, a bound field, a list of errors.
///
/// It is a reference, so that a template passes it on for next to nothing.
public protocol TemplateObject: AnyObject, Sendable {
    /// The value behind a dot, methods without arguments included; nil where there is none.
    func attribute(_ name: AttributeName) -> TemplateValue?

    /// Appends what `{{ object }}` prints, HTML that is not escaped again (Django's `__html__`).
    func render(into output: inout [UInt8])

    /// What a loop goes through; nil where the object is not iterable.
    var elements: [TemplateValue]? { get }

    /// Python's `bool(object)`.
    var isTrue: Bool { get }
}

extension TemplateObject {
    public func render(into output: inout [UInt8]) {}
    public var elements: [TemplateValue]? { nil }
    public var isTrue: Bool { true }

    /// The printed form as text.
    public var html: String {
        var output: [UInt8] = []
        render(into: &output)
        return String(decoding: output, as: UTF8.self)
    }
}

/// A name behind a dot. It is looked at once, when the template is parsed, and not each time that it is printed.
public struct AttributeName: Sendable, ExpressibleByStringLiteral {
    public let text: String
    /// Which of the names of forms it is.
    let known: FormAttribute?

    init(_ text: String) {
        self.text = text
        known = FormAttribute(rawValue: text)
    }

    public init(stringLiteral text: String) { self.init(text) }
}

/// What templates ask forms, their fields and errors for.
enum FormAttribute: String, Sendable {
    // A form's alone, or an error dictionary's.
    case asDiv = "as_div"
    case asP = "as_p"
    case asTable = "as_table"
    case asUL = "as_ul"
    case hiddenFields = "hidden_fields"
    case isBound = "is_bound"
    case isMultipart = "is_multipart"
    case isValid = "is_valid"
    case items, keys, media, values
    case nonFieldErrors = "non_field_errors"
    case visibleFields = "visible_fields"
    // A field's.
    case ariaDescribedBy = "aria_describedby"
    case asFieldGroup = "as_field_group"
    case asHidden = "as_hidden"
    case asWidget = "as_widget"
    case autoID = "auto_id"
    case cssClasses = "css_classes"
    case data, errors, field, form
    case helpText = "help_text"
    case htmlName = "html_name"
    case idForLabel = "id_for_label"
    case initial
    case isHidden = "is_hidden"
    case label
    case labelTag = "label_tag"
    case legendTag = "legend_tag"
    case maxLength = "max_length"
    case minLength = "min_length"
    case name, required
    case useFieldset = "use_fieldset"
    case value
    case widgetType = "widget_type"
    // A list of errors'.
    case asText = "as_text"
    case errorClass = "error_class"
    case fieldID = "field_id"
}
