@testable import DjangoFormat
import Testing

@Suite("CSRF secrets and tokens")
struct CSRFTests {
    private static let secret = "abcdefghijklmnopqrstuvwxyzABCDEF"
    private static let token = "ZYXWVUTSRQPONMLKJIHGFEDCBA987654ZZZZZZZZZZZZZZZZZZZZZZZZZZzzzzzz"

    @Test("The vector taken from a real Django holds both ways")
    func vector() {
        #expect(CSRF.mask(Self.secret, with: [UInt8]("ZYXWVUTSRQPONMLKJIHGFEDCBA987654".utf8)) == Self.token)
        #expect(CSRF.unmask(Self.token) == Self.secret)
        #expect(CSRF.tokensMatch(Self.token, Self.secret))
    }

    @Test("Every token is another one, valid, and masks its secret")
    func randomMasks() throws {
        var tokens: Set<String> = []
        for _ in 0..<1000 {
            let secret = CSRF.newSecret()
            let token = CSRF.mask(secret)
            try CSRF.validate(secret)
            try CSRF.validate(token)
            #expect(secret.utf8.count == 32 && token.utf8.count == 64)
            #expect(CSRF.unmask(token) == secret)
            #expect(CSRF.tokensMatch(token, secret) && CSRF.tokensMatch(secret, secret))
            tokens.insert(token)
        }
        #expect(tokens.count == 1000)
    }

    @Test("A token of another secret, or of no form, matches nothing")
    func mismatches() {
        let other = CSRF.newSecret()
        #expect(!CSRF.tokensMatch(Self.token, other) && !CSRF.tokensMatch(other, Self.secret))
        for text in ["", "a", String(Self.token.dropLast()), Self.token + "a", String(repeating: "é", count: 32)] {
            #expect(!CSRF.tokensMatch(text, Self.secret))
            #expect(!CSRF.tokensMatch(Self.token, text))
        }
        #expect(!CSRF.tokensMatch("", "") && !CSRF.tokensMatch(CSRF.mask(""), ""))
        #expect(!CSRF.tokensMatch(CSRF.mask("a_cdefghijklmnopqrstuvwxyzABCDEF"), "a_cdefghijklmnopqrstuvwxyzABCDEF"))
    }

    @Test(
        "The length is checked before the characters, and counts code points",
        arguments: [
            ("", .incorrectLength), ("abc", .incorrectLength), (String(repeating: "a", count: 33), .incorrectLength),
            (String(repeating: "é", count: 16), .incorrectLength),
            (String(repeating: "é", count: 32), .invalidCharacters),
            (String(repeating: "a", count: 31) + "_", .invalidCharacters),
            (String(repeating: "a", count: 63) + "\0", .invalidCharacters),
            (String(repeating: "\r\n", count: 16), .invalidCharacters),
        ] as [(String, CSRF.FormatError)])
    func format(token: String, error: CSRF.FormatError) {
        #expect(throws: error) { try CSRF.validate(token) }
        #expect(CSRF.unmask(token) == nil)
    }

    @Test("The reasons are Django's words")
    func reasons() {
        #expect("CSRF cookie \(CSRF.FormatError.incorrectLength)." == "CSRF cookie has incorrect length.")
        #expect("CSRF cookie \(CSRF.FormatError.invalidCharacters)." == "CSRF cookie has invalid characters.")
    }
}

extension CSRF {
    /// The token that a known mask makes.
    static func mask(_ secret: String, with mask: [UInt8]) -> String {
        Self.mask(secret) { _ = $0.initialize(fromContentsOf: mask) }
    }
}
