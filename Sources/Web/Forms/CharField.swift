/// A field for text (Django's `forms.CharField`).
public final class CharField: Sendable {
    public let name: String
    public let maxLength: Int?
    public let minLength: Int?
    public let isRequired: Bool
    let strips: Bool
    let normalize: (@Sendable (String) -> String)?
    let widget: Widget
    let control: ControlHTML
    /// The label in its tag.
    let labelTag: String
    /// The control's `id`: its own attribute, or made from the name.
    let controlID: String
    /// The `id` that the field's elements are named after.
    let autoID: String
    let label: String
    let helpText: String
    let initial: String?

    /// - Parameters:
    ///   - maxLength: The most code points that are accepted, counted as Python's `len` does.
    ///   - strip: Whether white space at both ends is taken off before anything is checked.
    ///   - normalize: What a value that is not too long becomes before it is checked.
    ///   - attributes: Further attributes of the control.
    ///   - label: What stands before the control; without it the name, made readable.
    ///   - helpText: HTML that stands beside the control.
    public init(
        _ name: String, maxLength: Int? = nil, minLength: Int? = nil, required: Bool = true, strip: Bool = true,
        normalize: (@Sendable (String) -> String)? = nil, widget: Widget = .text, attributes: HTMLAttributes = [:],
        label: String? = nil,
        helpText: String = "", initial: String? = nil
    ) {
        self.name = name
        (self.maxLength, self.minLength) = (maxLength, minLength)
        (isRequired, strips, self.normalize) = (required, strip, normalize)
        (self.widget, autoID) = (widget, "id_" + name)
        var attributes = attributes
        if !widget.isHidden, let maxLength { attributes.set("maxlength", to: .int(maxLength)) }
        if !widget.isHidden, let minLength { attributes.set("minlength", to: .int(minLength)) }
        control = ControlHTML(name: name, widget: widget, isRequired: required, autoID: autoID, own: attributes)
        controlID = attributes["id"]?.description ?? autoID
        self.label = label ?? Self.prettyName(name)
        labelTag = Self.labelled("label", self.label, for: controlID)
        (self.helpText, self.initial) = (helpText, initial)
    }

    /// The cleaned value of what was submitted, and what is wrong with it.
    func clean(_ submitted: String?) -> (value: String, errors: [String]) {
        let text = submitted ?? ""
        var value = strips ? text.pythonStripped : text
        if let normalize, maxLength.map({ value.codePoints <= $0 }) ?? true { value = normalize(value) }
        guard !value.utf8.isEmpty else { return (value, isRequired ? ["This field is required."] : []) }

        var errors: [String] = []
        let length = value.codePoints
        if let minLength, length < minLength { errors.append(Self.lengthMessage("least", minLength, length)) }
        if let maxLength, length > maxLength { errors.append(Self.lengthMessage("most", maxLength, length)) }
        if value.utf8.contains(0) { errors.append("Null characters are not allowed.") }
        return (value, errors)
    }

    /// The label in a tag, with a colon unless it ends in punctuation.
    static func labelled(_ tag: String, _ label: String, for id: String) -> String {
        let colon = label.utf8.last.map { !":?.!".utf8.contains($0) } ?? false
        return "<\(tag) for=\"\(escapeHTML(id))\">\(escapeHTML(label))\(colon ? ":" : "")</\(tag)>"
    }

    private static func lengthMessage(_ bound: String, _ limit: Int, _ length: Int) -> String {
        "Ensure this value has at \(bound) \(limit) character\(limit == 1 ? "" : "s") (it has \(length))."
    }

    /// "first_name" becomes "First name".
    private static func prettyName(_ name: String) -> String {
        let text = name.replacing(text: "_", with: " ").unicodeScalars
        guard let first = text.first else { return "" }
        return first.properties.titlecaseMapping + String(text.dropFirst()).lowercased()
    }
}

extension String {
    /// Python's `len`.
    fileprivate var codePoints: Int {
        let bytes = utf8Span.span
        var count = 0
        for index in bytes.indices where !bytes[index].isUTF8Continuation { count += 1 }
        return count
    }
}
