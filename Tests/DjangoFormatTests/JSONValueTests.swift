import DjangoFormat
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test("Strings are equal by code points, not as Swift compares")
    func equality() {
        #expect(JSONString("é") != JSONString("e\u{301}"))
        #expect(JSONString("a\r\n") != JSONString("a\n"))
        #expect(JSONString("") == JSONString("") && JSONString("") != JSONString("a"))
        #expect(JSONString("a") != JSONString("ab") && JSONString("ab") != JSONString("a"))
        #expect(JSONString(utf16: "a😀".utf16) == JSONString("a😀"))
        #expect(JSONString(utf16: "a😀".utf16).hashValue == JSONString("a😀").hashValue)
        #expect(JSONString(utf16: [0xD800]) == JSONString(utf16: [0xD800]))
        #expect(JSONString(utf16: [0xD800]) != JSONString(utf16: [0xD801]))
    }

    @Test("A lone surrogate leaves no Swift string, and shows as U+FFFD")
    func loneSurrogate() {
        let string = JSONString(utf16: [0x61, 0xD800, 0xDC01 - 0x401, 0x62])
        #expect(string.string == nil)
        #expect(string.description == "a\u{fffd}\u{fffd}b")
        #expect(JSONString("aé").string == "aé")
        #expect(JSONString("aé").description == "aé")
    }

    @Test("Lengths count code points")
    func length() {
        #expect(JSONString("").unicodeScalarCount == 0)
        #expect(JSONString("e\u{301}\r\n😀").unicodeScalarCount == 5)
        #expect(JSONString(utf16: [0xD800, 0x61]).unicodeScalarCount == 2)
    }

    @Test("Numbers tell integers from floats and keep large ones")
    func numbers() throws {
        #expect(JSONNumber(-5).isInteger && JSONNumber(-5).intValue == -5)
        #expect(!JSONNumber(1.0).isInteger && JSONNumber(1.0).intValue == nil)
        #expect(!JSONNumber(.infinity).isInteger && JSONNumber(.infinity).doubleValue == .infinity)
        #expect(JSONNumber(-.infinity).doubleValue == -.infinity && JSONNumber(.nan).doubleValue.isNaN)
        let large = try #require(JSONNumber(text: "18446744073709551616"))
        #expect(large.isInteger && large.intValue == nil && large.doubleValue == 0x1p64)
        #expect(try #require(JSONNumber(text: "-0")).intValue == 0)
        #expect(try #require(JSONNumber(text: "1e400")).doubleValue == .infinity)
        #expect(JSONNumber(text: "01") == nil && JSONNumber(text: "\"1\"") == nil && JSONNumber(text: "") == nil)
    }

    @Test("A value gives itself only as what it is")
    func accessors() {
        let values: [JSONValue] = [nil, true, 1, 1.5, "x", [1], ["a": 1]]
        #expect(values.map(\.isNull) == [true, false, false, false, false, false, false])
        #expect(values.map(\.bool) == [nil, true, nil, nil, nil, nil, nil])
        #expect(values.map(\.int) == [nil, nil, 1, nil, nil, nil, nil])
        #expect(values.map(\.double) == [nil, nil, 1, 1.5, nil, nil, nil])
        #expect(values.map(\.string) == [nil, nil, nil, nil, "x", nil, nil])
        #expect(values.map(\.array) == [nil, nil, nil, nil, nil, [1], nil])
        #expect(values.map(\.object) == [nil, nil, nil, nil, nil, nil, ["a": 1]])
    }

    @Test("A literal with a key twice has its last value in its first place")
    func literal() throws {
        #expect(try JSON.encode(["a": 1, "b": 2, "a": 3]) == [UInt8](#"{"a":3,"b":2}"#.utf8))
    }

    @Test("No value takes more room than an object does")
    func size() {
        #expect(MemoryLayout<JSONValue>.size == MemoryLayout<JSONObject>.size)
    }
}
