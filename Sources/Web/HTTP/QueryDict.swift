/// The fields of a query string or of a form, in their order (Django's `QueryDict`).
///
/// A name may stand several times: the subscript gives its last value, ``getList(_:)`` all of them. Names are compared
/// by their bytes, as Python compares strings.
public struct QueryDict: Sendable {
    private(set) var items: [(name: String, value: String)] = []

    public init() {}

    public mutating func append(_ name: String, _ value: String) {
        items.append((name, value))
    }

    /// The last value of the field, nil where there is none (Django's `get`).
    public subscript(_ name: String) -> String? {
        items.last { $0.name.hasBytes(of: name) }?.value
    }

    /// All values of the field, empty where there is none (Django's `getlist`).
    public func getList(_ name: String) -> [String] {
        items.compactMap { $0.name.hasBytes(of: name) ? $0.value : nil }
    }

    public var isEmpty: Bool { items.isEmpty }
}
