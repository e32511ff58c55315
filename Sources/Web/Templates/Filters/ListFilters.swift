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

/// The argument of `slice`: `":2"`, `"-3:"`, `"::2"`.
private struct SliceBounds {
    private let start: Int?
    private let end: Int?
    private let step: Int

    /// Nil where Python raises.
    init?(_ argument: TemplateValue) {
        let parts = argument.description.parts(separatedBy: ":")
        let bounds = parts.map { TemplateValue.string($0).asInteger }
        guard parts.count <= 3, zip(parts, bounds).allSatisfy({ $0.isEmpty || $1 != nil }) else { return nil }
        // slice("3") is Python's slice(3): up to the third.
        (start, end) = parts.count == 1 ? (nil, bounds[0]) : (bounds[0], bounds[1])
        step = parts.count == 3 ? bounds[2] ?? 1 : 1
        if step == 0 { return nil }
    }

    func slice(_ elements: [TemplateValue]) -> [TemplateValue] {
        let count = elements.count
        // Where a walk may begin and end: backwards it ends before the first.
        let range = step > 0 ? 0...count : -1...(count - 1)
        func position(_ index: Int) -> Int {
            let position = index < 0 ? max(index, -count - 1) + count : index
            return max(range.lowerBound, min(range.upperBound, position))
        }
        let (first, last) = step > 0 ? (range.lowerBound, range.upperBound) : (range.upperBound, range.lowerBound)
        // No step needs to be longer than the list.
        let step = max(-count - 1, min(count + 1, step))
        return stride(from: start.map(position) ?? first, to: end.map(position) ?? last, by: step).map { elements[$0] }
    }
}
