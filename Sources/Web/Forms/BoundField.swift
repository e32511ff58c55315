/// A field together with its form's data and errors (Django's `BoundField`).
final class BoundField: TemplateObject {
    let form: Form
    let field: CharField

    init(form: Form, field: CharField) { (self.form, self.field) = (form, field) }

    var isHidden: Bool { field.widget.isHidden }
    var errors: ErrorList { form.errorList(field.name) }
    var autoID: String { field.autoID }

    /// What the control shows: the data of a bound form, the initial value of another; nil for nothing.
    var value: String? {
        form.isBound ? form.data[field.name] : form.initial[field.name] ?? field.initial
    }

    /// The ids of the help text and the errors, for screen readers.
    var ariaDescribedBy: String {
        guard !isHidden else { return "" }
        let help = field.helpText.utf8.isEmpty ? "" : autoID + "_helptext"
        let error = errors.isTrue ? autoID + "_error" : ""
        return help.utf8.isEmpty || error.utf8.isEmpty ? help + error : help + " " + error
    }

    func attribute(_ name: AttributeName) -> TemplateValue? {
        switch name.known {
        case .asFieldGroup: .safe(FormLayout.fieldGroup(self))
        case .asHidden: .safe(asHidden())
        case .asWidget: .safe(html)
        case .autoID: .string(autoID)
        case .ariaDescribedBy:
            !field.control.describesItself ? TemplateValue.string(ariaDescribedBy) : TemplateValue.none
        case .cssClasses: ""
        case .data: form.data[field.name].map { .string($0) } ?? TemplateValue.none
        case .errors: .object(errors)
        case .field: .object(field)
        case .form: TemplateValue(form)
        case .helpText: .string(field.helpText)
        case .htmlName, .name: .string(field.name)
        case .idForLabel: .string(field.controlID)
        case .initial: (form.initial[field.name] ?? field.initial).map { .string($0) } ?? TemplateValue.none
        case .isHidden: .bool(isHidden)
        case .label: .string(field.label)
        case .labelTag: .safe(field.labelTag)
        case .legendTag: .safe(CharField.labelled("legend", field.label, for: field.controlID))
        case .useFieldset: false
        case .value: value.map { .string($0) } ?? TemplateValue.none
        case .widgetType: .string(field.widget.inputType)
        default: nil
        }
    }

    /// The control itself.
    func render(into output: inout [UInt8]) {
        let control = field.control
        output += control.start
        if field.widget.rendersValue, let value, !value.utf8.isEmpty {
            output.append(text: " value=\"")
            output.append(escaping: value)
            output.append(text: "\"")
        }
        output += control.attributes
        if errors.isTrue, !isHidden { output.append(text: " aria-invalid=\"true\"") }
        let description = ariaDescribedBy
        if !description.utf8.isEmpty, !control.describesItself {
            output.append(attribute: " aria-describedby", .string(description))
        }
        output += control.end
    }

    /// A hidden control in place of the field's own, without its attributes.
    private func asHidden() -> String {
        var output: [UInt8] = []
        output.append(attribute: "<input type", "hidden")
        output.append(attribute: " name", .string(field.name))
        if let value, !value.utf8.isEmpty { output.append(attribute: " value", .string(value)) }
        let description = ariaDescribedBy
        if !description.utf8.isEmpty, !field.control.describesItself {
            output.append(attribute: " aria-describedby", .string(description))
        }
        output.append(attribute: " id", .string(autoID))
        output.append(text: ">")
        return String(decoding: output, as: UTF8.self)
    }
}

extension CharField: TemplateObject {
    public func attribute(_ name: AttributeName) -> TemplateValue? {
        switch name.known {
        case .required: .bool(isRequired)
        case .label: .string(label)
        case .helpText: .string(helpText)
        case .maxLength: maxLength.map { .int($0) } ?? TemplateValue.none
        case .minLength: minLength.map { .int($0) } ?? TemplateValue.none
        case .initial: initial.map { .string($0) } ?? TemplateValue.none
        default: nil
        }
    }
}
