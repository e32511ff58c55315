import DjangoFormat

/// Values of your own types: what Django stores as a dictionary is a `Codable` value here.
///
///     struct Cart: Codable { var items: [String: Int] }
///
///     var cart = try await request.session.get("cart", as: Cart.self) ?? Cart(items: [:])
///     cart.items["tea", default: 0] += 1
///     try await request.session.set("cart", cart)
extension Session {
    /// Stores a value as the JSON that it encodes to, in the order in which it does.
    /// - Throws: `EncodingError`, or ``SessionStoreError``.
    public func set(_ name: JSONString, _ value: some Encodable) async throws {
        let json = try SessionValueEncoder.encode(value)
        try await set(name, to: json)
    }

    /// The value under `name`, nil where there is none.
    /// - Throws: `DecodingError` where it is no such value, or ``SessionStoreError``.
    public func get<Value: Decodable>(_ name: JSONString, as type: Value.Type) async throws -> Value? {
        guard let json = try await self[name] else { return nil }
        return try SessionValueDecoder.decode(type, from: json)
    }
}
