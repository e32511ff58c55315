import DjangoFormat
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    private func encode(_ value: JSONValue) throws -> String {
        String(decoding: try JSON.encode(value), as: UTF8.self)
    }

    @Test("There is no white space, and the keys stand in the order of insertion")
    func layout() throws {
        #expect(
            try encode(["z": 1, "a": [true, false, nil], "m": [:], "l": []])
                == #"{"z":1,"a":[true,false,null],"m":{},"l":[]}"#)
    }

    @Test("All but printable ASCII is escaped, in lower-case hexadecimal digits")
    func escapes() throws {
        #expect(try encode("\"\\\u{8}\u{c}\n\r\t/<>&'") == #""\"\\\b\f\n\r\t/<>&'""#)
        #expect(try encode("\0\u{1f}\u{7f}\u{80}é\u{2028}\u{ffff}") == #""\u0000\u001f\u007f\u0080\u00e9\u2028\uffff""#)
        #expect(try encode("a😀b\u{10ffff}") == #""a\ud83d\ude00b\udbff\udfff""#)
        #expect(try encode(.string(JSONString(utf16: [0xDFFF, 0x78, 0xD800]))) == #""\udfffx\ud800""#)
    }

    @Test("Keys are escaped as strings are")
    func keys() throws {
        #expect(try encode(["é\n": "é\n"]) == #"{"\u00e9\n":"\u00e9\n"}"#)
    }

    @Test(
        "Floats have the text of Python's repr",
        arguments: [
            (1, "1.0"), (-0.0, "-0.0"), (1e15, "1000000000000000.0"), (1e16, "1e+16"), (0.0001, "0.0001"),
            (1e-5, "1e-05"), (1.1, "1.1"), (1e22, "1e+22"), (123_456_789_012_345_680, "1.2345678901234568e+17"),
            (0x1p53, "9007199254740992.0"),
            (0x1p53 + 2, "9007199254740994.0"), (9_999_999_999_999_998, "9999999999999998.0"),
            (-9_999_999_999_999_998, "-9999999999999998.0"), (-1e16, "-1e+16"), (.leastNonzeroMagnitude, "5e-324"),
            (.greatestFiniteMagnitude, "1.7976931348623157e+308"), (.nan, "NaN"), (-.nan, "NaN"),
            (.infinity, "Infinity"), (-.infinity, "-Infinity"),
        ] as [(Double, String)])
    func floats(value: Double, text: String) throws {
        #expect(try encode(.double(value)) == text)
    }

    @Test("Encoding an object appends to what is there")
    func appends() throws {
        var output: [UInt8] = [0x2E]
        try JSON.encode(["a": 1], into: &output)
        #expect(String(decoding: output, as: UTF8.self) == #".{"a":1}"#)
    }

    @Test("What Python has beyond JSON is written as json.dumps does")
    func python() throws {
        let dictionary: PythonDictionary = [
            true: 1, false: [:], nil: 2, 1: 3, 1.5: 4, .double(.nan): 5,
            "a\n": .python(.tuple([1, .python(.tuple([]))])),
        ]
        #expect(
            try encode(.python(.dictionary(dictionary)))
                == #"{"true":1,"false":{},"null":2,"1":3,"1.5":4,"NaN":5,"a\n":[1,[]]}"#)
    }

    @Test("What has no form in JSON is refused in Python's words")
    func notSerializable() throws {
        let day = try #require(PythonDate(year: 2026, month: 1, day: 2))
        let refused: [(JSONValue, String)] = [
            (.python(.bytes([1])), "Object of type bytes is not JSON serializable"),
            (.python(.byteArray([])), "Object of type bytearray is not JSON serializable"),
            (["a": [.python(.date(day))]], "Object of type date is not JSON serializable"),
            (.python(.dictionary([.python(.tuple([1])): 1])), "keys must be str, int, float, bool or None, not tuple"),
            (.python(.dictionary([.python(.bytes([])): 1])), "keys must be str, int, float, bool or None, not bytes"),
        ]
        for (value, text) in refused {
            #expect { try JSON.encode(value) } throws: { "\($0)" == text }
        }
    }
}
