import DjangoFormat
import Testing

/// Django's `tests/signing`, by its names, where it is about what sessions use: signers with the time of signing, a colon
/// and SHA-256.
@Suite("Django's tests of signing")
struct DjangoSigningTests {
    private static let salt = "django.core.signing.TimestampSigner"
    private static let examples = [
        "q;wjmbk;wkmb", "3098247529087", "3098247:529:087:", "jkw osanteuh ,rcuh nthu aou oauh ,ud du", "\u{2019}",
    ]
    private static let changes: [@Sendable (String) -> String] = [
        { $0.uppercased() }, { $0 + "a" }, { "a" + $0.dropFirst() }, { $0.replacing(":", with: "") },
    ]

    private static func signer(_ key: String, fallbacks: [String] = [], salt: String = salt) -> TimestampSigner {
        TimestampSigner(secretKey: key, fallbacks: fallbacks, salt: salt)
    }

    private static func sign(_ text: String, _ signer: TimestampSigner, at unixTime: Int = 123_456_789) -> String {
        String(decoding: signer.sign(payload: Array(text.utf8), at: unixTime), as: UTF8.self)
    }

    private static func unsign(_ text: String, _ signer: TimestampSigner) throws(SigningError) -> String {
        String(decoding: try signer.unsign(Array(text.utf8)), as: UTF8.self)
    }

    /// What a real Django signs at 123456789.
    @Test(
        "signature, signature with salt",
        arguments: [
            ("predictable-secret", salt, "hello", "nXbF104UdRf8vt2AwdpfwkaosYWTI_M3eizzUfVYqKM"),
            ("predictable-secret", salt, "3098247:529:087:", "5bBtinpS6keePeDeGPD6CXg0_JbaRpWpXCVhwm8PlMM"),
            ("predictable-secret", salt, "\u{2019}", "TJ1t8oNGHri6MSpu3Z7MuWxew-XhFWOLyp5epYqZ_jg"),
            ("predictable-secret2", salt, "hello", "2yU3KC0Y_8_U3J83YBOs013NlrSGbVaVkAe3ODFuOGs"),
            ("predictable-secret", "extra-salt", "hello", "mF-keoemWft1kWWOUyB6gfQegWP2Qc1Zv0P_Tx9ENHU"),
        ])
    func signature(key: String, salt: String, text: String, signature: String) {
        #expect(Self.sign(text, Self.signer(key, salt: salt)) == "\(text):8M0kX:\(signature)")
    }

    @Test("sign unsign", arguments: examples)
    func signUnsign(text: String) throws {
        let signer = Self.signer("predictable-secret")
        let signed = Self.sign(text, signer)
        #expect(signed != text)
        #expect(try Self.unsign(signed, signer) == text)
    }

    @Test("unsign detects tampering", arguments: changes.indices)
    func unsignDetectsTampering(change: Int) throws {
        let signer = Self.signer("predictable-secret")
        let signed = Self.sign("Another string", signer)
        #expect(try Self.unsign(signed, signer) == "Another string")
        #expect(throws: SigningError.badSignature) { try Self.unsign(Self.changes[change](signed), signer) }
    }

    @Test(
        "sign unsign object, dumps loads",
        arguments: [["a": "dictionary"], ["text": "a string \u{2019}"], ["list": ["a", "list"]]] as [JSONObject])
    func dumpsLoads(data: JSONObject) throws {
        let codec = SessionCodec(secretKey: "predictable-secret")
        #expect(codec.decode(try codec.encode(data, at: 123_456_789)) == .data(data))
    }

    @Test("decode detects tampering", arguments: changes.indices)
    func decodeDetectsTampering(change: Int) throws {
        let codec = SessionCodec(secretKey: "predictable-secret")
        let data: JSONObject = ["foo": "bar", "baz": 1]
        let text = String(decoding: try codec.encode(data, at: 123_456_789), as: UTF8.self)
        #expect(codec.decode(Array(text.utf8)) == .data(data))
        #expect(codec.decode(Array(Self.changes[change](text).utf8)) == .badSignature)
    }

    @Test("works with non ascii keys")
    func worksWithNonASCIIKeys() {
        #expect(
            Self.sign("foo", Self.signer("\u{e7}")) == "foo:8M0kX:fVNQhl0TUSEqwdc_eMFjiabDFfjiYbr2UPjQg24kST8")
    }

    @Test("verify with non default key, default keys verification")
    func verifyWithNonDefaultKey() throws {
        let signed = Self.sign("abc", Self.signer("secret"))
        #expect(try Self.unsign(signed, Self.signer("newsecret", fallbacks: ["othersecret", "secret"])) == "abc")
    }

    @Test("sign unsign multiple keys")
    func signUnsignMultipleKeys() throws {
        let signer = Self.signer("secret", fallbacks: ["oldsecret"])
        #expect(try Self.unsign(Self.sign("abc", signer), signer) == "abc")
    }

    @Test("sign unsign ignore secret key fallbacks")
    func signUnsignIgnoreSecretKeyFallbacks() {
        let signed = Self.sign("abc", Self.signer("oldsecret"))
        #expect(throws: SigningError.badSignature) { try Self.unsign(signed, Self.signer("secret")) }
    }

    @Test("timestamp signer")
    func timestampSigner() throws {
        let signer = Self.signer("predictable-key")
        let signed = Array(Self.sign("hello", signer).utf8)
        for maxAge in [12.0, 11.0] {
            #expect(try signer.unsign(signed, maxAge: maxAge, now: 123_456_800).elementsEqual("hello".utf8))
        }
        #expect(throws: SigningError.signatureExpired) { try signer.unsign(signed, maxAge: 10, now: 123_456_800) }
        #expect(throws: SigningError.signatureExpired) { try signer.unsign(signed, maxAge: 11, now: 123_456_800.5) }
    }

    @Test("base62", arguments: [-10_000_000_000, 10_000_000_000, 1_620_378_259] + Array(-100..<100))
    func base62(number: Int) {
        #expect(Base62.decode(Base62.encode(number)) == number)
    }
}
