extension TemplateValue {
    /// Python's `==`: numbers compare by value whatever their kind, text by code points.
    func equals(_ other: TemplateValue) -> Bool {
        if let mine = text { return other.text.map { mine.hasBytes(of: $0) } ?? false }
        if let mine = integer, let its = other.integer { return mine == its }
        if let mine = number, let its = other.number { return mine == its }
        switch (self, other) {
        case (.none, .none):
            return true
        case (.list(let mine), .list(let its)):
            return mine.elementsEqual(its) { $0.equals($1) }
        case (.dictionary(let mine), .dictionary(let its)):
            return mine.count == its.count && mine.allSatisfy { key, value in its[key].map(value.equals) ?? false }
        default:
            return false
        }
    }

    /// Python's `is`, as far as values without an identity can say: the same kind and equal.
    func isIdentical(to other: TemplateValue) -> Bool {
        switch (self, other) {
        case (.none, .none), (.bool, .bool), (.int, .int): equals(other)
        case (.none, _), (.bool, _), (.int, _), (_, .none), (_, .bool), (_, .int): false
        default: equals(other)
        }
    }

    /// Python's `<`; nil where Python raises a TypeError.
    func precedes(_ other: TemplateValue) -> Bool? {
        if let mine = text, let its = other.text { return mine.utf8.lexicographicallyPrecedes(its.utf8) }
        if let mine = integer, let its = other.integer { return mine < its }
        if let mine = number, let its = other.number { return mine < its }
        guard case .list(let mine) = self, case .list(let its) = other else { return nil }
        for (left, right) in zip(mine, its) where !left.equals(right) { return left.precedes(right) }
        return mine.count < its.count
    }

    /// Python's `element in self`; nil where Python raises a TypeError.
    func contains(_ element: TemplateValue) -> Bool? {
        switch self {
        case .string(let text), .safe(let text):
            element.text.map { text.utf8.firstRange(of: $0.utf8) != nil }
        case .dictionary(let entries):
            element.text.map { entries[$0] != nil } ?? false
        case .list, .object:
            elements?.contains { $0.equals(element) }
        case .none, .bool, .int, .double:
            nil
        }
    }

    /// An integer, or a boolean counted as one.
    private var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .int(let value): value
        default: nil
        }
    }

    private var number: Double? {
        if case .double(let value) = self { return value }
        return integer.map(Double.init)
    }
}

extension String.UTF8View {
    /// Where the bytes of `other` first stand.
    func firstRange(of other: Self, from start: Index? = nil) -> Range<Index>? {
        var position = start ?? startIndex
        while true {
            let rest = self[position...]
            if rest.starts(with: other) { return position..<index(position, offsetBy: other.count) }
            guard position < endIndex else { return nil }
            formIndex(after: &position)
        }
    }
}
