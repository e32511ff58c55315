import DjangoFormat

/// A response with a template's text (Django's `render`).
/// - Throws: ``TemplateRenderError``.
public func render(
    _ request: Request, _ template: String, _ context: TemplateContext = [:], status: Int = 200
) throws(TemplateRenderError) -> Response {
    var context = context
    context.csrfToken = { getToken(request) }
    return Response(try request.settings.templates.render(template, context), status: status)
}

extension TemplateValue {
    /// A session's value, as a template shows it: a string as it is, a lone surrogate as U+FFFD.
    public init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .number(let number) where number.isInteger: self = number.intValue.map { .int($0) } ?? .string(number.text)
        case .number(let number): self = .double(number.doubleValue)
        case .string(let text): self = .string(text.description)
        case .array(let elements): self = .list(elements.map { TemplateValue($0) })
        case .object(let object):
            self = .dictionary(
                Dictionary(object.map { ($0.key.description, TemplateValue($0.value)) }) { _, last in last })
        case .python(let value): self.init(value)
        }
    }

    private init(_ value: PythonValue) {
        switch value {
        case .tuple(let items): self = .list(items.map { TemplateValue($0) })
        case .bytes(let bytes), .byteArray(let bytes): self = .list(bytes.map { .int(Int($0)) })
        case .dictionary(let dictionary):
            let entries = dictionary.map { (TemplateValue($0.key).description, TemplateValue($0.value)) }
            self = .dictionary(Dictionary(entries) { _, last in last })
        case .date(let date): self = .string(date.description)
        case .time(let time): self = .string(time.description)
        case .dateTime(let moment): self = .string(moment.description)
        case .timeDelta(let delta): self = .string(delta.description)
        case .timeZone(let zone): self = .string(zone.description)
        }
    }
}

extension URLResolver {
    /// What `{% url %}` prints (see ``TemplateLibrary``); nil where no pattern has the name and takes the arguments.
    public var templateURL: @Sendable (_ name: String, _ arguments: [TemplateValue]) -> String? {
        { name, arguments in
            let texts = arguments.map { argument in
                switch argument {
                case .string(let text), .safe(let text): text
                case .int(let number): String(number)
                default: ""
                }
            }
            return try? reverse(name, texts)
        }
    }
}
