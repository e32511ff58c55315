@testable import DjangoFormat
import TestSupport
import Testing

@Suite("Session data")
struct SessionCodecTests {
    private let codec = SessionCodec(secretKey: "test-secret-key")
    private let time = 1_700_000_000

    private func encode(_ data: JSONObject) throws -> String {
        String(decoding: try codec.encode(data, at: time), as: UTF8.self)
    }

    private func decode(_ text: String) -> SessionCodec.Decoded {
        codec.decode([UInt8](text.utf8))
    }

    private func sign(_ payload: String, key: String = "test-secret-key") -> [UInt8] {
        TimestampSigner(secretKey: key, salt: TimestampSigner.sessionSalt).sign(
            payload: [UInt8](payload.utf8), at: time)
    }

    private func sign(json: String) -> [UInt8] {
        sign(String(decoding: Base64URL.encode([UInt8](json.utf8)), as: UTF8.self))
    }

    static let vectors: [(JSONObject, String)] = [
        ([:], "e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8"),
        (["a": 1], "eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8"),
        (
            [
                "_auth_user_id": "1", "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                "_auth_user_hash": .string(String(repeating: "0", count: 64)),
            ],
            ".eJyrVopPLC3JiC8tTi2Kz0xRslIyVNJBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1JznKBqUQzISCzOAOo2oBAo1QIA"
                + "IvYyTQ:1r31eq:6uPC-9VZj3ntSMmMBLP350_XNHdeVjJlsIBXCrOosJ8"
        ),
        (
            ["u": "é😀\u{2028}/<>&\u{7f}\0\"\\\u{8}\u{c}\n\r\t\u{1f}"],
            "eyJ1IjoiXHUwMGU5XHVkODNkXHVkZTAwXHUyMDI4Lzw-Jlx1MDA3Zlx1MDAwMFwiXFxcYlxmXG5cclx0XHUwMDFmIn0:1r31eq:"
                + "1lBNszyMzLKxZ8tJMwYCCEg8d_0FqxJK-q0BXOuOiw4"
        ),
        (
            ["n": [.double(.nan), .double(.infinity), .double(-.infinity)]],
            "eyJuIjpbTmFOLEluZmluaXR5LC1JbmZpbml0eV19:1r31eq:qYJvI2juxDotW9pxI_up-6gZz9CP4oW8xOkMW-6KRls"
        ),
        (
            [
                "i": .array(
                    ["18446744073709551616", "-1180591620717411303424", "0"].compactMap(JSONNumber.init(text:))
                        .map(JSONValue.number))
            ],
            "eyJpIjpbMTg0NDY3NDQwNzM3MDk1NTE2MTYsLTExODA1OTE2MjA3MTc0MTEzMDM0MjQsMF19:1r31eq:"
                + "H19O64y-hkwjYZl_gcGz_jzHtWPyo2q-uRynw3DgX2E"
        ),
        (
            ["s": .string(JSONString(utf16: [0xD800, 0x78]))],
            "eyJzIjoiXHVkODAweCJ9:1r31eq:tCwFW6RXJnwQGDS9LXJVOmD7hWi4otI1EA2MpduYLe4"
        ),
        (
            ["x": .string(String(repeating: "a", count: 200))],
            ".eJyrVqpQslJKHCZAqRYAn1xN-w:1r31eq:YYWFW6cKbvKPvuorLdjWltLjL8UVJE64v26-f0X4FmM"
        ),
        (
            [
                "f": [
                    1.0, 1e16, 1e15, 1e-5, 0.0001, 1.1, -0.0, 1e22, 1.2345678901234568e17,
                    .double(.leastNonzeroMagnitude), 1.7976931348623157e308,
                ]
            ],
            ".eJxVjMENgDAMA3fh27SKkzZpWQXxLEsgdicqL_w6-yTf27XtBwoTZoIR-J8lMjcKYgahgPK3JpGoorWZ98FY1OPFqc2sUsP6cBsKrd1E0Xwm"
                + "5X4-L7cwGPU:1r31eq:z4NLsfo5SF8O811Jp6CUF14mO1UKJaForwEkQ2cjiwY"
        ),
        (["z": 1, "a": 2, "m": [:]], "eyJ6IjoxLCJhIjoyLCJtIjp7fX0:1r31eq:SqtRW0MCt03Hrc5JcaOnzv-YXTErXG99CkBpDdIjyQQ"),
    ]

    @Test("The vectors taken from a real Django hold both ways", arguments: vectors)
    func djangoVectors(data: JSONObject, text: String) throws {
        #expect(try encode(data) == text)
        #expect(decode(text) == .data(data))
    }

    @Test("The salt of the signed_cookies engine gives its signature")
    func signedCookies() throws {
        let signer = TimestampSigner(
            secretKey: "test-secret-key", salt: "django.contrib.sessions.backends.signed_cookies")
        #expect(
            String(decoding: try SessionCodec(signer: signer).encode(["a": 1], at: time), as: UTF8.self)
                == "eyJhIjoxfQ:1r31eq:AJu16St_lXmPR35BcDlMtqC8Z-L-JTNezUHSXtss5hs")
    }

    @Test("Compression is used only when it saves more than the dot costs")
    func compressionBoundary() throws {
        #expect(try encode(["a": "aaaaaaaaaaa"]).hasPrefix("eyJ"))  // 19 bytes, 18 compressed
        #expect(try encode(["a": "aaaaaaaaaaaa"]).hasPrefix(".eJ"))  // 20 bytes, 18 compressed
    }

    @Test("Data signed with a fallback is read and signed anew with the key")
    func fallbacks() throws {
        let rotated = SessionCodec(secretKey: "new", fallbacks: ["test-secret-key"])
        let old = try codec.encode(["a": 1], at: time)
        #expect(rotated.decode(old) == .data(["a": 1]))
        #expect(codec.decode(try rotated.encode(["a": 1], at: time)) == .badSignature)
    }

    @Test(
        "A signature of another key, or none, is told from corrupt data",
        arguments: ["", "x", ":", "a:b:c", "\0", "é:é:é"])
    func badSignature(text: String) {
        #expect(decode(text) == .badSignature)
        #expect(codec.decode(sign("eyJhIjoxfQ", key: "other")) == .badSignature)
    }

    @Test(
        "Signed text that is no JSON object is corrupt",
        arguments: ["[1,2]", "5", "null", "\"x\"", "", "{", "{\"a\":1,}", "{\"a\":01}", "{} {}", "\u{feff}{}"])
    func corruptJSON(json: String) {
        #expect(codec.decode(sign(json: json)) == .corrupt)
    }

    @Test(
        "Signed text that is no base64 or no zlib stream is corrupt",
        arguments: ["", "A", "e30A=A", ".", ".e30", ".eJw", ".!"])
    func corruptPayload(payload: String) {
        #expect(codec.decode(sign(payload)) == .corrupt)
    }

    @Test(
        "A signed text without a timestamp, or with one that is none, is corrupt",
        arguments: ["e30", "e30:", "e30:1r_1"])
    func corruptTimestamp(value: String) {
        let keyed = SaltedHMAC(salt: TimestampSigner.sessionSalt + "signer", secretKey: "test-secret-key").keyed
        var text = [UInt8]((value + ":").utf8)
        Base64URL.append(keyed.code(of: value.utf8Span.span).span, to: &text)
        #expect(codec.decode(text) == .corrupt)
    }

    @Test("White space and Latin-1 bytes are read as Django reads them")
    func lenientJSON() {
        #expect(codec.decode(sign(json: " {\"a\" : 1}\n")) == .data(["a": 1]))
        let latin1 = Base64URL.encode([0x7B, 0x22, 0x61, 0x22, 0x3A, 0x22, 0xE9, 0x22, 0x7D])
        #expect(codec.decode(sign(String(decoding: latin1, as: UTF8.self))) == .data(["a": "é"]))
    }

    @Test("Inflated data is read up to its limit and corrupt past it")
    func inflationLimit() throws {
        let data: JSONObject = ["x": .string(String(repeating: "a", count: 992))]  // 1000 bytes of JSON
        let signed = try codec.encode(data, at: time)
        let signer = TimestampSigner(secretKey: "test-secret-key", salt: TimestampSigner.sessionSalt)
        #expect(SessionCodec(signer: signer, maximumInflatedSize: 1000).decode(signed) == .data(data))
        #expect(SessionCodec(signer: signer, maximumInflatedSize: 999).decode(signed) == .corrupt)
    }

    @Test("A bomb of 20 MiB stops at the limit, and the codec goes on working")
    func bomb() throws {
        let spaces = [UInt8](repeating: 0x20, count: 20 << 20)
        let compressed = try #require(Deflater().deflate(spaces + [0x7B, 0x7D], limit: 1 << 20))
        let payload = "." + String(decoding: Base64URL.encode(compressed), as: UTF8.self)
        #expect(codec.decode(sign(payload)) == .corrupt)
        #expect(decode(Self.vectors[2].1) == .data(Self.vectors[2].0))
    }

    @Test("A compressed stream cut short is corrupt, one with a tail is read")
    func streamEnds() throws {
        let json = [UInt8](#"{"x":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#.utf8)
        let stream = try #require(Deflater().deflate(json, limit: json.count))
        let inflater = Inflater()
        #expect(inflater.inflate(stream, limit: 100) == json)
        #expect(inflater.inflate(stream + [1, 2, 3], limit: 100) == json)
        for length in 0..<stream.count { #expect(inflater.inflate([UInt8](stream.prefix(length)), limit: 100) == nil) }
        for index in [0, 1, stream.count - 4, stream.count - 1] {  // header and checksum
            var changed = stream
            changed[index] ^= 1
            #expect(inflater.inflate(changed, limit: 100) == nil)
        }
    }

    @Test("the least compressed size is never more than the real one", arguments: 1...41)
    func leastSize(size: Int) throws {
        let deflater = Deflater()
        var random = SplitMix64(seed: UInt64(size))
        var found = 0
        for letters in [1, 2, 3, 4, 6, 9, 20, 64, 256] {
            for _ in 0..<400 {
                // Skewed, so that the entropy is low where nothing is repeated.
                let data = (0..<size).map { _ in UInt8(random.next() % (random.next() % UInt64(letters) + 1)) }
                let least = Deflater.leastSize(of: data)
                guard least > 0 else { continue }
                found += 1
                #expect(deflater.deflate(data, limit: 100).map { $0.count >= least } == true)
            }
        }
        #expect(found > 100 || size > 40)
    }
}
