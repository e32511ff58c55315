import DjangoFormat

/// Makes JSON values of `Encodable` ones, in the order in which they encode themselves and without going through text:
/// a general JSON encoder has neither Django's order nor its numbers.
struct SessionValueEncoder: Encoder {
    /// - Throws: what the value throws, `EncodingError` mostly.
    static func encode(_ value: some Encodable) throws -> JSONValue {
        let node = Node()
        try node.set(value, [])
        return node.json
    }

    let node: Node
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        node.becomeObject()
        return KeyedEncodingContainer(KeyedNode(node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        node.becomeArray()
        return UnkeyedNode(node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleNode(node: node, codingPath: codingPath) }

    /// A value that is being made.
    final class Node {
        private enum Content {
            case value(JSONValue)
            case array([Node])
            case object(OrderedDictionary<JSONString, Node>)
        }

        private var content = Content.object([:])

        var json: JSONValue {
            switch content {
            case .value(let value): value
            case .array(let nodes): .array(nodes.map(\.json))
            case .object(let nodes): .object(nodes.mapValues(\.json))
            }
        }

        var count: Int {
            if case .array(let nodes) = content { nodes.count } else { 0 }
        }

        func set(_ value: some Encodable, _ path: [any CodingKey]) throws {
            if let primitive = value as? any JSONPrimitive {
                content = .value(primitive.jsonValue)
            } else {
                try value.encode(to: SessionValueEncoder(node: self, codingPath: path))
            }
        }

        func setNull() { content = .value(.null) }

        func becomeObject() {
            if case .object = content { return }
            content = .object([:])
        }

        func becomeArray() {
            if case .array = content { return }
            content = .array([])
        }

        func member(_ key: any CodingKey) -> Node {
            let node = Node()
            if case .object(var nodes) = content {
                content = .value(.null)
                nodes[JSONString(key.stringValue)] = node
                content = .object(nodes)
            }
            return node
        }

        func element() -> Node {
            let node = Node()
            if case .array(var nodes) = content {
                content = .value(.null)
                nodes.append(node)
                content = .array(nodes)
            }
            return node
        }
    }

    // One generic method answers for every type: the standard library asks for one of each.

    private struct KeyedNode<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let node: Node
        let codingPath: [any CodingKey]

        func encodeNil(forKey key: Key) { node.member(key).setNull() }

        func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
            try node.member(key).set(value, codingPath + [key])
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy keyType: NestedKey.Type, forKey key: Key
        ) -> KeyedEncodingContainer<NestedKey> {
            encoder(key).container(keyedBy: keyType)
        }

        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { encoder(key).unkeyedContainer() }
        func superEncoder() -> any Encoder { encoder(SuperKey()) }
        func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

        private func encoder(_ key: any CodingKey) -> SessionValueEncoder {
            SessionValueEncoder(node: node.member(key), codingPath: codingPath + [key])
        }
    }

    private struct UnkeyedNode: UnkeyedEncodingContainer {
        let node: Node
        let codingPath: [any CodingKey]

        var count: Int { node.count }

        func encodeNil() { node.element().setNull() }

        func encode<Value: Encodable>(_ value: Value) throws {
            let path = codingPath + [IndexKey(count)]
            try node.element().set(value, path)
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy keyType: NestedKey.Type
        ) -> KeyedEncodingContainer<NestedKey> {
            encoder().container(keyedBy: keyType)
        }

        func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
        func superEncoder() -> any Encoder { encoder() }

        private func encoder() -> SessionValueEncoder {
            let path = codingPath + [IndexKey(count)]
            return SessionValueEncoder(node: node.element(), codingPath: path)
        }
    }

    private struct SingleNode: SingleValueEncodingContainer {
        let node: Node
        let codingPath: [any CodingKey]

        func encodeNil() { node.setNull() }
        func encode<Value: Encodable>(_ value: Value) throws { try node.set(value, codingPath) }
    }
}
