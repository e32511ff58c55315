/// The HTML control that a field is shown with (Django's `TextInput`, `PasswordInput`, `HiddenInput`…).
public struct Widget: Sendable, Equatable {
    /// The `type` of the `<input>`.
    let inputType: String
    /// Whether what was submitted is shown again.
    let rendersValue: Bool

    var isHidden: Bool { inputType == "hidden" }

    public static let text = Widget(inputType: "text", rendersValue: true)
    /// A password, which is never written back into the page.
    public static let password = Widget(inputType: "password", rendersValue: false)
    public static let hidden = Widget(inputType: "hidden", rendersValue: true)
    public static let email = Widget(inputType: "email", rendersValue: true)
    public static let url = Widget(inputType: "url", rendersValue: true)
    public static let search = Widget(inputType: "search", rendersValue: true)
    public static let telephone = Widget(inputType: "tel", rendersValue: true)
}

/// HTML attributes in the order in which they are written; `true` writes the bare name, `false` nothing.
public struct HTMLAttributes: Sendable, ExpressibleByDictionaryLiteral {
    var entries: [(name: String, value: TemplateValue)]

    public init(dictionaryLiteral entries: (String, TemplateValue)...) {
        self.init(entries)
    }

    init(_ entries: [(String, TemplateValue)]) {
        self.entries = entries.map { (name: $0, value: $1) }
    }

    subscript(_ name: String) -> TemplateValue? {
        entries.first { $0.name == name }?.value
    }

    mutating func set(_ name: String, to value: TemplateValue) {
        if let index = entries.firstIndex(where: { $0.name == name }) {
            entries[index].value = value
        } else {
            entries.append((name, value))
        }
    }
}
