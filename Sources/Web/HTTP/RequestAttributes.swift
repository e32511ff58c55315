/// What layers of other modules hang on a request, by its type; in Django they are attributes that a middleware sets.
///
///     request.attributes[Visitor.self] = Visitor(name: "alice")
///
/// Nothing is allocated before something is set.
public struct RequestAttributes {
    private var values: [ObjectIdentifier: Any] = [:]

    init() {}

    public subscript<Value>(_ type: Value.Type) -> Value? {
        get { values.isEmpty ? nil : values[ObjectIdentifier(type)] as? Value }
        set { values[ObjectIdentifier(type)] = newValue }
    }
}
