@testable import DjangoFormat
import Testing

@Suite("Reading JSON")
struct JSONReaderTests {
    private func decode(_ text: String) throws(JSONError) -> JSONValue {
        try JSON.decode([UInt8](text.utf8))
    }

    @Test("Values of every kind are read, with white space anywhere between them")
    func everyKind() throws {
        let value = try decode(
            "\t{ \"a\" : [ 1 , -2.50e+3,\"x\" ] ,\r\n\"b\":{},\"c\":[],\"d\":null,\"e\":true,\"f\":false } ")
        let number = try #require(JSONNumber(text: "-2.50e+3"))
        #expect(value == ["a": [1, .number(number), "x"], "b": [:], "c": [], "d": nil, "e": true, "f": false])
        #expect(number.doubleValue == -2500)
    }

    @Test("Keys keep their order, and a key that stands twice has its last value in its first place")
    func keyOrder() throws {
        let value = try decode(#"{"z":1,"a":2,"z":3}"#)
        #expect(String(decoding: try JSON.encode(value), as: UTF8.self) == #"{"z":3,"a":2}"#)
    }

    @Test(
        "Numbers keep their text",
        arguments: [
            "0", "-0", "1e400", "1E5", "1.10", "NaN", "Infinity", "-Infinity", "18446744073709551616", "-1.5e-05",
            String(repeating: "7", count: 4300),
        ])
    func numberText(text: String) throws {
        #expect(try decode(text).number?.text == text)
    }

    @Test(
        "Escapes stand for their characters",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u00E9""#, "Aéé"),
            (#""\ud83d\ude00!""#, "😀!"), (#""\u0000""#, "\0"),
        ])
    func escapes(text: String, expected: String) throws {
        #expect(try decode(text) == .string(expected))
    }

    @Test(
        "Lone surrogates survive",
        arguments: [
            (#""\ud800x""#, [0xD800, 0x78]), (#""\ude00\ud83d""#, [0xDE00, 0xD83D]), (#""\ud83d\n""#, [0xD83D, 0x0A]),
            (#""\ud83d\ud83d\ude00""#, [0xD83D, 0xD83D, 0xDE00]), (#""\ud83d\u0041""#, [0xD83D, 0x41]),
        ] as [(String, [UInt16])])
    func loneSurrogates(text: String, units: [UInt16]) throws {
        #expect(try decode(text) == .string(JSONString(utf16: units)))
    }

    @Test("Bytes past ASCII are Latin-1, in keys and values")
    func latin1() throws {
        let value = try JSON.decode([0x7B, 0x22, 0xE9, 0x22, 0x3A, 0x22, 0x61, 0xFF, 0x22, 0x7D])
        #expect(value == ["é": "aÿ"])
    }

    @Test("Keys that differ only in their code points are two keys")
    func keysByCodePoint() throws {
        #expect(try decode(#"{"\u00e9":1,"e\u0301":2}"#).object?.count == 2)
    }

    @Test(
        "What is not JSON is refused, with the reason and the place",
        arguments: [
            ("", .expectingValue, 0), ("  ", .expectingValue, 2), ("01", .extraData, 1), ("1.", .extraData, 1),
            (".5", .expectingValue, 0), ("1e", .extraData, 1), ("1.5e+", .extraData, 3), ("-", .expectingValue, 1),
            ("+1", .expectingValue, 0), ("-Infinit", .expectingValue, 1), ("nul", .expectingValue, 0),
            ("nan", .expectingValue, 0), ("[1,]", .expectingValue, 3), ("[1 2]", .expectingCommaOrEnd, 3),
            ("[", .expectingValue, 1), ("[1", .expectingCommaOrEnd, 2), (#"{"a":1,}"#, .expectingKey, 7),
            ("{a:1}", .expectingKey, 1), (#"{"a" 1}"#, .expectingColon, 5), (#"{"a":}"#, .expectingValue, 5),
            (#"{"a":1"#, .expectingCommaOrEnd, 6), (#""a"#, .unterminatedString, 2), (#""a\"#, .unterminatedString, 3),
            (#""\x""#, .invalidEscape, 2), (#""\u12g4""#, .invalidEscape, 5), (#""\u12"#, .invalidEscape, 5),
            (#""\ud800\u12"#, .invalidEscape, 11), ("\"a\tb\"", .invalidControlCharacter, 2),
            ("\u{feff}1", .expectingValue, 0), ("1 2", .extraData, 2), ("{} x", .extraData, 3),
            ("\0", .expectingValue, 0),
            (String(repeating: "7", count: 4301), .tooManyDigits, 4301),
        ] as [(String, JSONError.Reason, Int)])
    func refused(text: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason: reason, offset: offset)) { try decode(text) }
    }

    @Test("A float may have more digits than an integer")
    func longFloat() throws {
        #expect(try decode(String(repeating: "7", count: 5000) + ".0").double == .infinity)
    }

    @Test(
        "Nesting is read up to its limit and refused past it, without overflowing the stack",
        arguments: ["[", #"{"":"#])
    func nesting(opening: String) throws {
        func text(_ depth: Int) -> String {
            String(repeating: opening, count: depth) + "1"
                + String(repeating: opening == "[" ? "]" : "}", count: depth)
        }
        let deepest = try decode(text(JSON.maximumDepth))
        #expect(try JSON.encode(deepest) == [UInt8](text(JSON.maximumDepth).utf8))
        #expect { try decode(text(JSON.maximumDepth + 1)) } throws: { ($0 as? JSONError)?.reason == .nestedTooDeeply }
        #expect(throws: JSONError.self) { try decode(String(repeating: opening, count: 1_000_000)) }
    }
}
