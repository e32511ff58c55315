/// Something with attributes that prints itself as HTML: a form, a bound field, a list of errors.
public protocol TemplateObject: Sendable {
    /// The value behind a dot, methods without arguments included; nil where there is none.
    func attribute(_ name: String) -> TemplateValue?

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
