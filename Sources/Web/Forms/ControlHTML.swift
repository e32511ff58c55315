/// The parts of a field's `<input>` that no request changes, written once. Between them stand the value and what the
/// errors add.
struct ControlHTML: Sendable {
    /// Up to the name.
    let start: [UInt8]
    /// The field's own attributes and `required`.
    let attributes: [UInt8]
    /// The `id`, unless it was among the field's own.
    let end: [UInt8]
    /// Whether the control names its description itself.
    let describesItself: Bool

    init(name: String, widget: Widget, isRequired: Bool, autoID: String, own: HTMLAttributes) {
        var start: [UInt8] = []
        start.append(attribute: "<input type", .string(widget.inputType))
        start.append(attribute: " name", .string(name))
        self.start = start

        var attributes: [UInt8] = []
        var own = own
        if isRequired, !widget.isHidden { own.set("required", to: true) }
        for (name, value) in own.entries { attributes.append(attribute: " " + escapeHTML(name), value) }
        self.attributes = attributes

        var end: [UInt8] = []
        if own["id"] == nil { end.append(attribute: " id", .string(autoID)) }
        self.end = end + [UInt8(ascii: ">")]
        describesItself = own["aria-describedby"] != nil
    }
}

extension [UInt8] {
    /// Appends an attribute with its value; `true` is the bare name, `false` nothing.
    mutating func append(attribute name: String, _ value: TemplateValue) {
        switch value {
        case .bool(false): break
        case .bool(true): append(text: name)
        default: append(text: name + "=\"" + value.escaped + "\"")
        }
    }
}
