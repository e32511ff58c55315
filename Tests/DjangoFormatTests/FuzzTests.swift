@testable import DjangoFormat
import TestSupport
import Testing

@Suite("Fuzzing the readers of sessions", .serialized)
struct SessionFuzzTests {
    @Test("No pickle makes the reader trap, and what it reads it writes so that it reads the same")
    func pickle() throws {
        let samples = [
            "\u{80}\u{5}\u{95}\u{10}\0\0\0\0\0\0\0}\u{94}(\u{8c}\u{1}a\u{94}K\u{1}\u{8c}\u{1}b\u{94}]\u{94}(NNeu.",
            "(dp0\nVa\np1\nI1\nsVb\np2\n(lp3\nI01\naF1.5\nas.",
            "\u{80}\u{2}}q\0(X\u{1}\0\0\0aq\u{1}K\u{1}K\u{2}\u{86}q\u{2}u.",
            "\u{80}\u{5}\u{8c}\u{8}datetime\u{94}\u{8c}\u{4}date\u{94}\u{93}\u{94}C\u{4}\u{7}\u{ea}\u{2}\u{3}\u{94}\u{85}\u{94}R\u{94}.",
            "cdatetime\ntimezone\n(cdatetime\ntimedelta\n(J\u{ff}\u{ff}\u{ff}\u{ff}M\u{10}\u{e}K\0tRtR.",
            "\u{8a}\u{9}\0\0\0\0\0\0\0\u{80}\0.", "L-12345678901234567890L\n.", "V\\u0041\\U0001f600\n.",
            "\u{80}\u{2}c_codecs\nencode\nq\0(X\u{1}\0\0\0\u{7f}X\u{6}\0\0\0latin1tR.", "G\u{3f}\u{f8}\0\0\0\0\0\0.",
            "\u{96}\u{3}\0\0\0\0\0\0\0abc.", "B\u{1}\0\0\0x.", "\u{8d}\u{1}\0\0\0\0\0\0\0x.",
            "](]q\0h\0h\0j\0\0\0\0g0\ne.",
        ]
        let words = [
            "N", ".", "(", "]", "}", ")", "a", "e", "s", "u", "t", "l", "d", "R", "\u{85}", "\u{86}", "\u{87}",
            "\u{88}", "\u{93}",
            "\u{94}", "h\0", "q\0", "K\u{1}", "\u{8c}\u{1}a", "cdatetime\ndatetime\n", "cdatetime\ntime\n",
            "c__builtin__\nbytearray\n",
            "cbuiltins\nbytes\n", "C\u{a}\u{7}\u{ea}\u{2}\u{3}\u{4}\u{5}\u{6}\0\0\u{7}",
            "C\u{6}\u{4}\u{5}\u{6}\0\0\u{7}", "\u{ed}\u{a0}\u{80}",
            "\u{8b}\u{2}\0\0\0\0\u{80}", "J\u{ff}\u{ff}\u{ff}\u{ff}",
        ]
        var fuzzer = Fuzzer(
            "pickle", samples: samples.map { [UInt8](latin1: $0) }, words: words.map { [UInt8](latin1: $0) })
        fuzzer.run { input in
            guard let value = try? Pickle.decode(input) else { return false }
            if (try? Pickle.decode(Pickle.encode(value))) != value { Issue.record("\(input) is changed") }
            _ = try? JSON.encode(value)
            return true
        }
        print("fuzzed pickles: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }

    @Test("No text makes the JSON reader trap, and what it reads it writes so that it reads the same")
    func json() throws {
        let samples = [
            #"{"a":1,"b":[true,false,null,-1.5e+10],"c":{"d":"\u00e9\ud83d\ude00\n"}}"#,
            "[NaN,Infinity,-Infinity,0.0,-0]",
            #""\ud800x""#, " [ 1 , 2 ] ", "12345678901234567890",
        ]
        let words = [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "null", "true", "NaN", "-Infinity",
            "1e", ".5", "-",
            "\u{e9}", "\"a\":", "0",
        ]
        var fuzzer = Fuzzer(
            "json", samples: samples.map { [UInt8](latin1: $0) }, words: words.map { [UInt8](latin1: $0) })
        try fuzzer.run { input in
            guard let value = try? JSON.decode(input) else { return false }
            if try JSON.decode(JSON.encode(value)) != value { Issue.record("\(input) is changed") }
            return true
        }
        print("fuzzed JSON: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }

    @Test("No session data makes the codec trap, well signed or not")
    func sessionData() throws {
        let codec = SessionCodec(secretKey: "test-secret-key")
        let signer = TimestampSigner(secretKey: "test-secret-key", salt: TimestampSigner.sessionSalt)
        let samples: [[UInt8]] = try [
            codec.encode(["a": 1], at: 1_700_000_000),
            codec.encode(["a": .string(String(repeating: "ab", count: 200))], at: 0),
        ]
        let words = [".", ":", "-", "_", "=", ".eJ", "e30"].map { [UInt8](latin1: $0) }
        var fuzzer = Fuzzer("session", samples: samples, words: words)
        fuzzer.run { input in
            if case .data = codec.decode(input) { return true }
            let payload = input.prefix { $0 != UInt8(ascii: ":") }
            if case .data = codec.decode(signer.sign(payload: Array(payload), at: 1)) { return true }
            return false
        }
        print("fuzzed session data: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }
}
