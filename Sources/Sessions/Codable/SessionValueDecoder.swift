import DjangoFormat

/// Makes `Decodable` values of JSON ones.
struct SessionValueDecoder: Decoder {
    /// - Throws: `DecodingError`.
    static func decode<Value: Decodable>(_ type: Value.Type, from value: JSONValue) throws -> Value {
        try SessionValueDecoder(value: value, codingPath: []).decode(type)
    }

    let value: JSONValue
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard let object = value.object else { throw mismatch([String: JSONValue].self) }
        return KeyedDecodingContainer(Members(object: object, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard let array = value.array else { throw mismatch([JSONValue].self) }
        return Elements(array: array, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Single(decoder: self, codingPath: codingPath) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        guard let primitive = type as? any JSONPrimitive.Type else { return try Value(from: self) }
        guard let decoded = primitive.init(value) as? Value else { throw mismatch(type) }
        return decoded
    }

    private func mismatch(_ type: Any.Type) -> DecodingError {
        let context = DecodingError.Context(codingPath: codingPath, debugDescription: "the value is no \(type)")
        return value.isNull ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let object: JSONObject
        let codingPath: [any CodingKey]

        /// A name with a lone surrogate is no name that a Swift type has.
        var allKeys: [Key] { object.keys.compactMap { $0.string.flatMap(Key.init(stringValue:)) } }

        func contains(_ key: Key) -> Bool { object[JSONString(key.stringValue)] != nil }

        func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).value.isNull }

        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try decoder(key).decode(type)
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> {
            try decoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try decoder(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder { try decoder(SuperKey()) }
        func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

        private func decoder(_ key: any CodingKey) throws -> SessionValueDecoder {
            guard let value = object[JSONString(key.stringValue)] else {
                throw DecodingError.keyNotFound(
                    key, DecodingError.Context(codingPath: codingPath, debugDescription: "there is no value"))
            }
            return SessionValueDecoder(value: value, codingPath: codingPath + [key])
        }
    }

    private struct Elements: UnkeyedDecodingContainer {
        let array: [JSONValue]
        let codingPath: [any CodingKey]
        var currentIndex = 0

        var count: Int? { array.count }
        var isAtEnd: Bool { currentIndex >= array.count }

        mutating func decodeNil() throws -> Bool {
            guard try current(Any?.self).value.isNull else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let decoded = try current(type).decode(type)
            currentIndex += 1
            return decoded
        }

        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type
        ) throws -> KeyedDecodingContainer<NestedKey> {
            let container = try current(JSONObject.self).container(keyedBy: type)
            currentIndex += 1
            return container
        }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            let container = try current([JSONValue].self).unkeyedContainer()
            currentIndex += 1
            return container
        }

        mutating func superDecoder() throws -> any Decoder {
            let decoder = try current((any Decoder).self)
            currentIndex += 1
            return decoder
        }

        private func current(_ type: Any.Type) throws -> SessionValueDecoder {
            let path = codingPath + [IndexKey(currentIndex)]
            guard currentIndex < array.count else {
                throw DecodingError.valueNotFound(
                    type, DecodingError.Context(codingPath: path, debugDescription: "the array ends here"))
            }
            return SessionValueDecoder(value: array[currentIndex], codingPath: path)
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: SessionValueDecoder
        let codingPath: [any CodingKey]

        func decodeNil() -> Bool { decoder.value.isNull }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }
    }
}
