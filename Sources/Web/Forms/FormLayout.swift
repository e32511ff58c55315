/// The ways in which a form prints all its fields, to the byte as Django 5.2 does, white space included.
enum FormLayout {
    case div, p, table, ul

    func render(_ form: Form) -> [UInt8] {
        let visible = form.boundFields.filter { !$0.isHidden }
        let hidden = form.boundFields.filter(\.isHidden)
        let controls = hidden.map(\.html).joined()
        let errors = Self.topErrors(form, hidden).html

        var output: [UInt8] = []
        output.append(text: head(errors: errors, hidden: controls, isAlone: visible.isEmpty))
        for (index, field) in visible.enumerated() {
            output.append(text: row(field, hidden: index == visible.count - 1 ? controls : nil))
        }
        output.append(text: "\n")
        if visible.isEmpty && errors.utf8.isEmpty { output.append(text: "\n  \(controls)\n") }
        return Array(output[...].trimmed())
    }

    /// A field with its label, help and errors, without anything around it.
    static func fieldGroup(_ field: BoundField) -> String {
        let text = "\n  \(label(field))\n\n\(help(field, tag: "div"))\n\(field.errors.html)\n\(field.html)"
        return text.pythonStripped
    }

    /// The form's own errors, and those of fields that cannot be seen.
    private static func topErrors(_ form: Form, _ hidden: [BoundField]) -> ErrorList {
        var errors = form.errorList(Form.nonFieldErrors)
        for field in hidden {
            errors = errors.adding(field.errors.messages.map { "(Hidden field \(field.field.name)) \($0)" })
        }
        return errors
    }

    /// What stands before the first field.
    private func head(errors: String, hidden: String, isAlone: Bool) -> String {
        switch self {
        case .div, .p:
            let element = self == .div ? "div" : "p"
            let fields = isAlone && !errors.utf8.isEmpty ? "\n  <\(element)>\(hidden)</\(element)>\n" : ""
            return "\(errors)\n\(fields)\n"
        case .table:
            guard !errors.utf8.isEmpty else { return "\n" }
            let fields = isAlone ? "\n        \(hidden)\n      " : ""
            return "\n  <tr>\n    <td colspan=\"2\">\n      \(errors)\n      \(fields)\n    </td>\n  </tr>\n\n"
        case .ul:
            guard !errors.utf8.isEmpty else { return "\n" }
            let fields = isAlone ? "\n    \(hidden)\n  " : ""
            return "\n  <li>\n    \(errors)\n  \(fields)\n  </li>\n\n"
        }
    }

    /// One field; the last one carries the hidden fields.
    private func row(_ field: BoundField, hidden: String?) -> String {
        let errors = field.errors.html
        func last(_ indent: String) -> String { hidden.map { "\n\(indent)  \($0)\n\(indent)" } ?? "" }
        func help(_ indent: String, before: String = "") -> String {
            let text = Self.help(field, tag: "span")
            return text.utf8.isEmpty ? "" : "\n\(indent)  \(before)\(text)\n\(indent)"
        }
        let label = Self.label(field)
        switch self {
        case .div:
            return "\n  <div>\n    \(Self.fieldGroup(field))\n    \(last("    "))\n</div>\n"
        case .p:
            return
                "\n  \(errors)\n  <p>\n    \(label)\n    \(field.html)\n    \(help("    "))\n    \(last("    "))\n  </p>\n"
        case .table:
            let cell =
                "\(errors)\n      \(field.html)\n      \(help("      ", before: "<br>\n        "))\n      \(last("      "))"
            return "\n  <tr>\n    <th>\(label)</th>\n    <td>\n      \(cell)\n    </td>\n  </tr>\n"
        case .ul:
            let item = "\(errors)\n    \(label)\n    \(field.html)\n    \(help("    "))\n    \(last("    "))"
            return "\n  <li>\n    \(item)\n  </li>\n"
        }
    }

    private static func label(_ field: BoundField) -> String {
        field.field.label.utf8.isEmpty ? "" : field.field.labelTag
    }

    /// The help text, which is HTML, in an element that the control refers to.
    private static func help(_ field: BoundField, tag: String) -> String {
        let text = field.field.helpText
        guard !text.utf8.isEmpty else { return "" }
        return "<\(tag) class=\"helptext\" id=\"\(escapeHTML(field.autoID))_helptext\">\(text)</\(tag)>"
    }
}
