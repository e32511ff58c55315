@testable import DjangoFormat
import Testing

@Suite("Pickles")
struct PickleTests {
    private func decode(_ text: String) throws(PickleError) -> JSONValue { try Pickle.decode(latin1(text)) }

    private func latin1(_ text: String) -> [UInt8] {
        text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    private func reason(_ text: String) -> PickleError.Reason? {
        do throws(PickleError) {
            _ = try decode(text)
            return nil
        } catch { return error.reason }
    }

    @Test("The example of the documentation")
    func example() throws {
        #expect(Pickle.encode(["a": 1]) == latin1("\u{80}\u{5}}(\u{8c}\u{1}aK\u{1}u."))
        #expect(try decode("\u{80}\u{5}}(\u{8c}\u{1}aK\u{1}u.") == ["a": 1])
    }

    @Test(
        "Integers at the edges of their sizes survive",
        arguments: [
            "0", "-1", "255", "256", "65535", "65536", "-128", "-129", "2147483647", "2147483648", "-2147483648",
            "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
            "18446744073709551615", "18446744073709551616", "-18446744073709551616",
            "1" + String(repeating: "0", count: 600),
            "-1" + String(repeating: "0", count: 600), String(repeating: "9", count: 4300),
            "-" + String(repeating: "9", count: 4300),
        ])
    func integers(text: String) throws {
        let value = JSONValue.number(try #require(JSONNumber(text: text)))
        #expect(try Pickle.decode(Pickle.encode(value)) == value)
    }

    @Test("An integer of more digits than JSON takes is refused")
    func digits() {
        let bytes = PickledInteger.bytes("1" + String(repeating: "0", count: 4300))
        #expect(PickledInteger.text(bytes.span) == nil)
        #expect(reason("L" + String(repeating: "9", count: 4301) + "L\n.") == .tooManyDigits)
        #expect(PickledInteger.text([UInt8](repeating: 0x7F, count: 1_000_000).span) == nil)
    }

    @Test("A shared value is copied to each place, an edited list included")
    func shared() throws {
        // Filled after it was memoized.
        #expect(try decode("]\u{94}(K\u{1}K\u{2}e.") == [1, 2])
        // l = [7]; [l, l]
        #expect(try decode("](]\u{94}K\u{7}ah\0e.") == [[7], [7]])
        // A tuple of one dictionary twice.
        #expect(try decode("}\u{94}h\0\u{86}.") == .python(.tuple([[:], [:]])))
    }

    @Test(
        "What holds itself is refused",
        arguments: ["]\u{94}h\0a.", "}\u{94}K\u{1}h\0s.", "]\u{94}](h\0ea.", "]\u{94}h\0\u{85}a."])
    func recursive(text: String) {
        #expect(reason(text) == .recursive)
    }

    @Test("A few bytes that stand for billions of values are refused")
    func blowUp() {
        // Each list holds the one before it ten times.
        var text = "]\u{94}"
        for level in 0..<30 {
            text += "](" + String(repeating: "h\(Unicode.Scalar(UInt8(level)))", count: 10) + "e\u{94}"
        }
        #expect(reason("(" + text + "t.") == .tooLarge)
        // A long text in very many places.
        let long = "X\0\0\u{10}\0" + String(repeating: "x", count: 1 << 20)
        #expect(reason("](" + long + "\u{94}" + String(repeating: "h\0", count: 100) + "e.") == .tooLarge)
        #expect(reason(String(repeating: "N", count: Pickle.maximumValues + 1)) == .tooLarge)
        #expect(reason(String(repeating: "x", count: Pickle.maximumSize + 1)) == .tooLarge)
    }

    @Test("Nesting is read up to its limit and refused past it")
    func nesting() throws {
        func text(_ depth: Int) -> String {
            String(repeating: "]", count: depth) + String(repeating: "a", count: depth - 1) + "."
        }
        #expect(try Pickle.encode(decode(text(1000))).count == 3001)
        #expect(reason(text(1001)) == .nestedTooDeeply)
        #expect(reason(text(500_000)) == .nestedTooDeeply)
        #expect(reason(String(repeating: "(", count: 1_000_000)) == .nestedTooDeeply)
        #expect(reason("N" + String(repeating: "\u{85}", count: 400_000) + ".") == .nestedTooDeeply)
    }

    @Test(
        "Whatever names or calls something else is refused, by its name",
        arguments: [
            ("cos\nsystem\n(S'id'\ntR.", "the name os.system"), ("cposix\nsystem\n.", "the name posix.system"),
            ("\u{8c}\u{8}builtins\u{8c}\u{4}eval\u{93}.", "the name builtins.eval"),
            ("cdatetime\ntzinfo\n)R.", "the name datetime.tzinfo"), ("c_codecs\ndecode\n.", "the name _codecs.decode"),
            ("cdatetime\ndatetime.now\n.", "the name datetime.datetime.now"),
            ("c<a>\n<\n.", "the name ?a?.?"), ("(ios\nsystem\n.", "the opcode INST"),
            ("(dos\nb.", "the opcode OBJ"), ("}}b.", "the opcode BUILD"),
            ("N)\u{81}.", "the opcode NEWOBJ"), ("N)}\u{92}.", "the opcode NEWOBJ_EX"), ("P0\n.", "the opcode PERSID"),
            ("NQ.", "the opcode BINPERSID"), ("\u{82}\u{1}.", "the opcode EXT1"), ("\u{83}\u{1}\0.", "the opcode EXT2"),
            ("\u{84}\u{1}\0\0\0.", "the opcode EXT4"), ("\u{97}.", "the opcode NEXT_BUFFER"),
            ("N\u{98}.", "the opcode READONLY_BUFFER"), ("\u{8f}.", "the opcode EMPTY_SET"),
            ("(\u{91}.", "the opcode FROZENSET"), ("S'a'\n.", "the opcode STRING"), ("N0.", "the opcode POP"),
            ("N2.", "the opcode DUP"), ("cdatetime\ndate\n.", "a class or function as a value"),
        ])
    func refused(text: String, what: String) {
        #expect(reason(text) == .refused(what))
    }

    @Test(
        "Malformed pickles are refused",
        arguments: [
            "", ".", "N", "NN.", "N.N", "(N.", "\u{80}\u{6}N.", "\u{80}", "N\u{80}\u{5}.", "\u{ff}N.", "K", "M\u{1}.",
            "J\0\0.",
            "\u{8a}", "\u{8a}\u{5}\0.", "\u{8b}\u{ff}\u{ff}\u{ff}\u{ff}.", "\u{8b}\0\0\0\u{80}.", "G\0.", "Ix\n.", "I1",
            "I02\n.",
            "I 1\n.", "I0x1\n.", "I1_0\n.", "L1\n.", "LL\n.", "L\n.", "L1.0L\n.", "F1,5\n.", "F0x1p3\n.",
            "FInfinity\n.", "F\n.",
            "X\u{ff}\u{ff}\u{ff}\u{ff}a.", "\u{8c}\u{5}a.", "\u{8d}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}a.",
            "\u{8d}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{7f}a.", "\u{8c}\u{1}\u{ff}.",
            "\u{8c}\u{2}\u{c0}\u{80}.",
            "\u{8c}\u{3}\u{e0}\u{80}\u{80}.", "\u{8c}\u{4}\u{f4}\u{90}\u{80}\u{80}.",
            "\u{8c}\u{4}\u{f0}\u{80}\u{80}\u{80}.",
            "\u{8c}\u{2}\u{e9}\u{80}.", "V\\x41\n.", "V\\u12\n.", "V\\U00110000\n.", "V\\\n.", "Va", "B\u{9}\0\0\0a.",
            "\u{96}\u{ff}\0\0\0\0\0\0\0a.", "a.", "Na.", "NNa.", "}Na.", "]NNs.", "]s.", "}(Nu.", "](NNu.", "e.", "u.",
            "(e.", "t.",
            "\u{85}.", "N\u{86}.", "(\u{85}.", "N(\u{85}.", "(Nd.", "l.", "d.", "g0\n.", "h\0.", "j\0\0\0\0.", "Np1\n.",
            "Nq\u{5}.",
            "Nr\u{ff}\u{ff}\u{ff}\u{ff}.", "p0\n.", "\u{94}.", "gx\n.", "g\n.", "Np99999999999999999999\n.",
            "N(\u{94}.", "cx", "cx\ny",
            "\u{93}.", "N\u{93}.", "NN\u{93}.", "K\u{1}\u{8c}\u{1}a\u{93}.", "R.", "NR.", "NNR.", "N)R.",
            "c\u{ff}\ny\n.",
            "\u{95}\u{9}\0\0\0\0\0\0\0N.", "\u{95}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}\u{ff}N.", "\u{95}N.",
            "}(]Nu.", "}]Ns.",
            "}}Ns.", "}\u{96}\0\0\0\0\0\0\0\0Ns.", "}]\u{85}Ns.",
        ])
    func malformed(text: String) {
        #expect(reason(text) == .malformed)
    }

    @Test(
        "Calls with other arguments than CPython writes are refused",
        arguments: [
            "date\n)R.", "date\nNR.", "date\n(tR.", "date\nC\u{4}\0\0\u{1}\u{1}\u{85}R.",
            "date\nC\u{3}\u{7}\u{e4}\u{1}\u{85}R.",
            "date\nC\u{4}\u{7}\u{e4}\u{2}\u{1e}\u{85}R.", "date\nC\u{4}\u{7}\u{e4}\u{d}\u{1}\u{85}R.",
            "date\nC\u{4}\u{7}\u{e4}\u{1}\u{1}N\u{86}R.", "date\n]\u{85}R.", "time\nC\u{6}\u{18}\0\0\0\0\0\u{85}R.",
            "time\nC\u{6}\0\u{3c}\0\0\0\0\u{85}R.", "time\nC\u{6}\0\0\0\u{10}\0\0\u{85}R.",
            "time\nC\u{6}\0\0\0\0\0\0N\u{86}R.",
            "datetime\nC\u{a}\u{7}\u{e4}\u{1}\u{1}\u{80}\0\0\0\0\0\u{85}R.",
            "datetime\nC\u{4}\u{7}\u{e4}\u{1}\u{1}\u{85}R.",
            "timedelta\n(K\u{1}tR.", "timedelta\n(J\0\u{ca}\u{9a};K\0K\0tR.", "timedelta\n(K\0J\u{80}Q\u{1}\0K\0tR.",
            "timedelta\n(K\0K\0NtR.", "timedelta\n(K\0K\0K\0K\0tR.",
            "timezone\n(cdatetime\ntimedelta\n(K\u{1}K\0K\0tRtR.",
            "timezone\n(NtR.", "timezone\n(K\u{1}tR.",
        ])
    func arguments(text: String) {
        #expect(reason("cdatetime\n" + text) == .malformed)
    }

    @Test("Two surrogates side by side stay two, unlike the character that they make")
    func surrogates() throws {
        let two = try decode("\u{8c}\u{6}\u{ed}\u{a0}\u{bd}\u{ed}\u{b8}\u{80}.")
        #expect(
            two != "😀" && Pickle.encode(two) == latin1("\u{80}\u{5}\u{8c}\u{6}\u{ed}\u{a0}\u{bd}\u{ed}\u{b8}\u{80}."))
        #expect(try JSON.encode(two) == [UInt8](#""\ud83d\ude00""#.utf8))
    }

    @Test("A key that stands twice has its last value in its first place")
    func twice() throws {
        #expect(try decode("}(\u{8c}\u{1}aK\u{1}\u{8c}\u{1}bK\u{2}\u{8c}\u{1}aK\u{3}u.") == ["a": 3, "b": 2])
    }

    @Test("Errors tell no content")
    func descriptions() {
        let error = PickleError(.refused("the opcode BUILD"), at: 7)
        #expect("\(error)" == "pickle not read: the opcode BUILD is refused (byte 7)")
    }

    @Test(
        "Dates and times have the text of Python's str",
        arguments: [
            (PythonTimeDelta(days: -1, seconds: 86399, microseconds: 5), "-1 day, 23:59:59.000005"),
            (PythonTimeDelta(days: 2), "2 days, 0:00:00"), (PythonTimeDelta(days: 0, seconds: 3661), "1:01:01"),
        ])
    func texts(delta: PythonTimeDelta?, text: String) throws {
        #expect(try #require(delta).description == text)
        let west = try #require(
            PythonTimeDelta(days: -1, seconds: 86399, microseconds: 999_999).flatMap { PythonTimeZone(offset: $0) })
        let day = try #require(PythonDate(year: 5, month: 1, day: 2))
        let time = try #require(PythonTime(hour: 3, minute: 4, second: 5, microsecond: 6, zone: west))
        #expect(PythonDateTime(date: day, time: time).description == "0005-01-02 03:04:05.000006-00:00:00.000001")
    }
}
