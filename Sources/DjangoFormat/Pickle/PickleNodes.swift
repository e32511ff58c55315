/// The values of a pickle while it is read, each at its place. Containers name the places of what they hold, so several
/// may hold one value, and one may hold itself.
struct PickleNodes {
    enum Kind: Equatable {
        case scalar, list, tuple, dictionary
        case callable(PickleCallable)
    }

    struct Node {
        let kind: Kind
        let scalar: JSONValue
        /// Of a dictionary: key, value, key, …
        var children: [Int32]
        /// While the value is made, to find one that holds itself.
        var isUnderWay = false

        init(_ kind: Kind, _ children: [Int32] = []) {
            (self.kind, self.scalar, self.children) = (kind, .null, children)
        }

        init(_ scalar: JSONValue) {
            (self.kind, self.scalar, self.children) = (.scalar, scalar, [])
        }
    }

    private var nodes: [Node] = []
    /// What is left of the values and bytes that copies may come to.
    private var valuesLeft = Pickle.maximumValues
    private var bytesLeft = Pickle.maximumSize

    /// - Returns: the node's place, nil where there are too many.
    mutating func add(_ node: Node) -> Int32? {
        guard nodes.count < Pickle.maximumValues else { return nil }
        nodes.append(node)
        return Int32(truncatingIfNeeded: nodes.count - 1)
    }

    /// - Returns: false where there is no such container.
    mutating func append(_ items: [Int32], to place: Int32, _ kind: Kind) -> Bool {
        guard nodes[Int(place)].kind == kind else { return false }
        nodes[Int(place)].children += items
        return true
    }

    /// The value of a node that holds no others; nil where it does, or is a name.
    func scalar(_ place: Int32) -> JSONValue? {
        let node = nodes[Int(place)]
        return node.kind == .scalar ? node.scalar : nil
    }

    /// What a callable makes of a tuple of scalars; nil where they are none, or do not fit.
    func call(_ callable: Int32, _ arguments: Int32) -> JSONValue? {
        let node = nodes[Int(arguments)]
        guard case .callable(let callable) = nodes[Int(callable)].kind, node.kind == .tuple, node.children.count <= 3
        else { return nil }
        var values: [JSONValue] = []
        for child in node.children {
            guard let value = scalar(child) else { return nil }
            values.append(value)
        }
        return callable(values)
    }

    /// The value at `place` with all that it holds.
    /// - Parameter offset: where errors say that they are.
    mutating func value(_ place: Int32, depth: Int = 0, offset: Int) throws(PickleError) -> JSONValue {
        let index = Int(place)
        valuesLeft -= 1
        guard valuesLeft >= 0 else { throw PickleError(.tooLarge, at: offset) }
        switch nodes[index].kind {
        case .scalar:
            bytesLeft -= nodes[index].scalar.byteCount
            guard bytesLeft >= 0 else { throw PickleError(.tooLarge, at: offset) }
            return nodes[index].scalar
        case .callable:
            throw PickleError(.refused("a class or function as a value"), at: offset)
        case .list, .tuple, .dictionary: break
        }
        guard !nodes[index].isUnderWay else { throw PickleError(.recursive, at: offset) }
        guard depth < JSON.maximumDepth else { throw PickleError(.nestedTooDeeply, at: offset) }
        nodes[index].isUnderWay = true
        defer { nodes[index].isUnderWay = false }
        var values: [JSONValue] = []
        for child in nodes[index].children { values.append(try value(child, depth: depth + 1, offset: offset)) }
        switch nodes[index].kind {
        case .list: return .array(values)
        case .tuple: return .python(.tuple(values))
        default: return try dictionary(values, offset: offset)
        }
    }

    private func dictionary(_ values: [JSONValue], offset: Int) throws(PickleError) -> JSONValue {
        let keys = stride(from: 0, to: values.count, by: 2)
        if keys.allSatisfy({ values[$0].isString }) {
            var object = JSONObject(minimumCapacity: values.count / 2)
            for index in keys {
                if case .string(let key) = values[index] { object[key] = values[index + 1] }
            }
            return .object(object)
        }
        var dictionary = PythonDictionary(minimumCapacity: values.count / 2)
        for index in keys {
            guard values[index].isHashable else { throw PickleError(.malformed, at: offset) }
            dictionary[values[index]] = values[index + 1]
        }
        return .python(.dictionary(dictionary))
    }
}

extension JSONValue {
    fileprivate var isString: Bool {
        if case .string = self { true } else { false }
    }

    /// How long a scalar is.
    fileprivate var byteCount: Int {
        switch self {
        case .string(let string): string.withBytes { $0.count }
        case .number(let number): number.text.utf8.count
        case .python(.bytes(let bytes)), .python(.byteArray(let bytes)): bytes.count
        default: 1
        }
    }
}
