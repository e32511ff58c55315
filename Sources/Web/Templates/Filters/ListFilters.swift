extension Filter {
    static let listFilters: [Filter] = [
        Filter("first") { value, _, _ throws(Failure) in try members(value).first ?? .string("") },
        Filter("last", keepsSafe: true) { value, _, _ throws(Failure) in try members(value).last ?? .string("") },
        Filter("join", .required) { value, argument, autoescape in
            guard let elements = value.elements, let argument else { return value }
            guard autoescape else {
                let texts = elements.compactMap(\.text)
                return texts.count == elements.count ? .safe(texts.joined(separator: argument.description)) : value
            }
            return .safe(elements.map(\.escaped).joined(separator: argument.escaped))
        },
        Filter("length") { value, _, _ in
            if case .dictionary(let entries) = value { return .int(entries.count) }
            return .int(value.elements?.count ?? 0)
        },
        Filter("make_list") { value, _, _ in
            .list(value.description.unicodeScalars.map { .string(String($0)) })
        },
        Filter("slice", .required, keepsSafe: true) { value, argument, _ in
            if case .dictionary = value { return value }
            guard let elements = value.elements, let bounds = argument.flatMap(SliceBounds.init) else { return value }
            let part = bounds.slice(elements)
            return value.text == nil ? .list(part) : .string(part.compactMap(\.text).joined())
        },
    ]

    /// The members of a list or the characters of a text.
    private static func members(_ value: TemplateValue) throws(Failure) -> [TemplateValue] {
        if case .dictionary = value { throw Failure(message: "a dictionary has no order") }
        guard let elements = value.elements else {
            throw Failure(message: "the value is not a list")
        }
        return elements
    }
}

/// The argument of `slice`: `":2"`, `"-3:"`.
private struct SliceBounds {
    private let start: Int?
    private let end: Int?

    init?(_ argument: TemplateValue) {
        let parts = argument.description.parts(separatedBy: ":")
        guard parts.count <= 2, parts.allSatisfy({ $0.isEmpty || Int($0) != nil }) else { return nil }
        // slice("3") is Python's slice(3): up to the third.
        (start, end) = parts.count == 1 ? (nil, Int(parts[0])) : (Int(parts[0]), Int(parts[1]))
    }

    func slice(_ elements: [TemplateValue]) -> [TemplateValue] {
        func position(_ index: Int) -> Int {
            max(0, min(elements.count, index < 0 ? max(index, -elements.count) + elements.count : index))
        }
        let (lower, upper) = (position(start ?? 0), position(end ?? elements.count))
        return lower < upper ? Array(elements[lower..<upper]) : []
    }
}
