/// CSRF secrets and the tokens that mask them (`django.middleware.csrf`).
///
/// A token is a mask, drawn anew for each page, and the secret shifted by it, so that no two pages show the same text:
///
///     secret                                  abcdefghijklmnopqrstuvwxyzABCDEF
///     mask    ZYXWVUTSRQPONMLKJIHGFEDCBA987654
///     token   ZYXWVUTSRQPONMLKJIHGFEDCBA987654ZZZZZZZZZZZZZZZZZZZZZZZZZZzzzzzz
public enum CSRF {
    public static let secretLength = 32
    public static let tokenLength = 64

    private static let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)

    /// The place of each byte in the alphabet; the alphabet's length for those that are not in it.
    private static let places: [UInt8] = {
        var places = [UInt8](repeating: UInt8(alphabet.count), count: 256)
        for (place, byte) in alphabet.enumerated() { places[Int(byte)] = UInt8(place) }
        return places
    }()

    /// What is wrong with a secret or token from outside; Django's words, to stand behind "CSRF cookie" and the like.
    public enum FormatError: String, Error, CustomStringConvertible {
        case incorrectLength = "has incorrect length"
        case invalidCharacters = "has invalid characters"

        public var description: String { rawValue }
    }

    /// A new secret of 32 characters.
    public static func newSecret() -> String {
        String(decoding: RandomText.make(secretLength, from: alphabet), as: UTF8.self)
    }

    /// Checks that `token` is 32 characters (a secret) or 64 (a masked one) of the alphabet.
    public static func validate(_ token: String) throws(FormatError) {
        let length = token.unicodeScalars.count
        guard length == secretLength || length == tokenLength else { throw .incorrectLength }
        guard isOfAlphabet(token.utf8Span.span) else { throw .invalidCharacters }
    }

    /// A token for `secret`, different at each call. The secret has passed `validate`; a token for anything else
    /// matches nothing.
    public static func mask(_ secret: String) -> String {
        mask(secret, with: RandomText.make(secretLength, from: alphabet))
    }

    static func mask(_ secret: String, with mask: [UInt8]) -> String {
        let cipher = combine(secret.utf8Span.span, mask.span) { place, maskPlace in place + maskPlace }
        return String(decoding: mask + cipher, as: UTF8.self)
    }

    /// The secret that a token of 64 characters masks, or nil if it is no such token.
    public static func unmask(_ token: String) -> String? {
        let bytes = token.utf8Span.span
        guard bytes.count == tokenLength, isOfAlphabet(bytes) else { return nil }
        let (mask, cipher) = (bytes.extracting(first: secretLength), bytes.extracting(last: secretLength))
        let secret = combine(cipher, mask) { place, maskPlace in place + alphabet.count - maskPlace }
        return String(decoding: secret, as: UTF8.self)
    }

    /// Whether `token`, masked or not, stands for `secret`; in constant time for tokens of the right form.
    public static func tokensMatch(_ token: String, _ secret: String) -> Bool {
        let candidate = token.utf8.count == tokenLength ? unmask(token) : token
        guard let candidate, secret.utf8.count == secretLength else { return false }
        return ConstantTime.equal(candidate.utf8Span.span, secret.utf8Span.span)
    }

    /// The characters at the combined places of two texts, counted round the alphabet.
    private static func combine(_ text: Span<UInt8>, _ mask: Span<UInt8>, _ places: (Int, Int) -> Int) -> [UInt8] {
        let (alphabet, table) = (alphabet, Self.places)
        var result: [UInt8] = []
        result.reserveCapacity(secretLength)
        for index in 0..<min(text.count, mask.count) {
            let place = places(Int(table[Int(text[index])]), Int(table[Int(mask[index])]))
            result.append(alphabet[place % alphabet.count])
        }
        return result
    }

    private static func isOfAlphabet(_ text: Span<UInt8>) -> Bool {
        let places = places
        for index in 0..<text.count where places[Int(text[index])] == alphabet.count { return false }
        return true
    }
}
