import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

@Suite("Codable values in a session")
struct CodableTests {
    struct Cart: Codable, Equatable {
        struct Item: Codable, Equatable {
            var name: String
            var count: Int
            var price: Double?
        }
        enum State: Codable, Equatable {
            case open
            case paid(by: String, amount: UInt64)
        }
        var z = true
        var items: [Item] = []
        var notes: [String: [String]] = [:]
        var byNumber: [Int: String] = [:]
        var state = State.open
        var weight: Float = 0
        var nested: [[Int?]] = []
        var missing: String?
    }

    private static let cart = Cart(
        items: [.init(name: "t\u{e9}a \u{1F375}", count: 2, price: 1.5), .init(name: "", count: .min)],
        notes: ["a": ["b", "c"], "empty": []], byNumber: [7: "seven"], state: .paid(by: "card", amount: .max),
        weight: 0.1, nested: [[1, nil], []])

    @Test("a cart is stored and read, by every engine", arguments: TestEngine.all)
    func cart(engine: TestEngine) async throws {
        try await engine.run { engine in
            let session = engine.session(nil)
            try await session.set("cart", Self.cart)
            #expect(session.modified)
            try await session.save()
            let again = engine.session(session.sessionKey)
            #expect(try await again.get("cart", as: Cart.self) == Self.cart)
            #expect(try await again.get("other", as: Cart.self) == nil)
            #expect(!again.modified)
        }
    }

    @Test("names keep their order, numbers their digits")
    func json() throws {
        let json = try SessionValueEncoder.encode(Self.cart)
        let names = ["z", "items", "notes", "byNumber", "state", "weight", "nested"]
        #expect(json.object?.keys.map(\.description) == names)
        #expect(json.object?["items"]?.array?.first?.object?.keys.map(\.description) == ["name", "count", "price"])
        let amount = try #require(JSONNumber(text: "18446744073709551615"))
        #expect(json.object?["state"] == ["paid": ["by": "card", "amount": .number(amount)]])
        #expect(json.object?["weight"] == 0.1)
        #expect(json.object?["nested"] == [[1, nil], []])
        #expect(json.object?["byNumber"] == ["7": "seven"])
    }

    @Test("primitive values are one JSON value")
    func primitives() throws {
        #expect(try SessionValueEncoder.encode(5) == 5)
        #expect(try SessionValueEncoder.encode("text") == "text")
        #expect(try SessionValueEncoder.encode([Int]()) == [])
        #expect(try SessionValueEncoder.encode([String: Int]()) == [:])
        #expect(try SessionValueEncoder.encode(Int?.none) == .null)
        #expect(try SessionValueEncoder.encode(Int128.max).number?.text == "170141183460469231731687303715884105727")
        #expect(try SessionValueEncoder.encode(Double.infinity).number?.text == "Infinity")
        #expect(try SessionValueDecoder.decode(Int.self, from: 1.0) == 1)
        #expect(try SessionValueDecoder.decode(Double.self, from: 1) == 1)
        #expect(try SessionValueDecoder.decode(Int?.self, from: nil) == nil)
        #expect(try SessionValueDecoder.decode([UInt8].self, from: [0, 255]) == [0, 255])
    }

    class Animal: Codable {
        var legs = 4
    }

    final class Dog: Animal {
        var name = "Rex"
        private enum CodingKeys: CodingKey { case name }

        override init() { super.init() }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            try super.init(from: try container.superDecoder())
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(name, forKey: .name)
            try super.encode(to: container.superEncoder())
        }
    }

    /// Encodes through every kind of container.
    struct Manual: Codable, Equatable {
        enum Key: CodingKey { case list, object }
        var numbers = [1, 2]

        init() {}

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            var list = try container.nestedUnkeyedContainer(forKey: .list)
            var inner = try list.nestedUnkeyedContainer()
            numbers = [try inner.decode(Int.self)]
            let isNil = try inner.decodeNil()
            #expect(isNil && inner.isAtEnd)
            let object = try list.nestedContainer(keyedBy: Key.self)
            numbers.append(try object.decode(Int.self, forKey: .object))
            _ = try container.nestedContainer(keyedBy: Key.self, forKey: .object)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            var inner = list.nestedUnkeyedContainer()
            try inner.encode(numbers[0])
            try inner.encodeNil()
            var object = list.nestedContainer(keyedBy: Key.self)
            try object.encode(numbers[1], forKey: .object)
            _ = container.nestedContainer(keyedBy: Key.self, forKey: .object)
        }
    }

    @Test("classes with their superclasses, and containers within containers")
    func containers() throws {
        let dog = Dog()
        (dog.legs, dog.name) = (3, "Tripod")
        let json = try SessionValueEncoder.encode(dog)
        #expect(json == ["name": "Tripod", "super": ["legs": 3]])
        let again = try SessionValueDecoder.decode(Dog.self, from: json)
        #expect(again.legs == 3 && again.name == "Tripod")

        let manual = try SessionValueEncoder.encode(Manual())
        #expect(manual == ["list": [[1, nil], ["object": 2]], "object": [:]])
        #expect(try SessionValueDecoder.decode(Manual.self, from: manual) == Manual())
    }

    @Test(
        "what is no such value is a DecodingError, and names the place",
        arguments: [
            ([:], "name"), (["name": 1, "count": 1], "name"), (["name": "x", "count": "1"], "count"),
            (["name": "x", "count": 1.5], "count"), (["name": "x", "count": nil], "count"),
            (["name": "x", "count": 1, "price": "dear"], "price"),
            (["name": "x", "count": 1e300], "count"),
        ] as [(JSONValue, String)])
    func mismatch(json: JSONValue, name: String) {
        let error = #expect(throws: DecodingError.self) {
            _ = try SessionValueDecoder.decode([String: Cart.Item].self, from: ["item": json])
        }
        #expect("\(String(describing: error))".contains(name))
    }

    @Test("an array that is too short is a DecodingError")
    func shortArray() {
        struct Pair: Decodable {
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                for _ in 0..<2 { _ = try container.decode(Int.self) }
            }
        }
        #expect(throws: DecodingError.self) { _ = try SessionValueDecoder.decode(Pair.self, from: [1]) }
        #expect(throws: DecodingError.self) { _ = try SessionValueDecoder.decode([Int].self, from: ["a": 1]) }
        #expect(throws: DecodingError.self) { _ = try SessionValueDecoder.decode(Cart.Item.self, from: []) }
    }
}
