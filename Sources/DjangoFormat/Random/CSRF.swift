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

    private static let alphabetSize = 62
    private static let randomAlphabet = RandomText.Alphabet(alphabet)

    /// The place of each byte in the alphabet; the alphabet's length for those that are not in it.
    private static let places: [UInt8] = {
        var places = [UInt8](repeating: UInt8(alphabetSize), count: 256)
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
        String(unsafeUninitializedCapacity: secretLength) { secret in
            RandomText.fill(UnsafeMutableBufferPointer(rebasing: secret[..<secretLength]), from: randomAlphabet)
            return secretLength
        }
    }

    /// Checks that `token` is 32 characters (a secret) or 64 (a masked one) of the alphabet.
    public static func validate(_ token: String) throws(FormatError) {
        let isOfAlphabet = isOfAlphabet(token.utf8Span.span)
        // Django counts code points.
        let length = isOfAlphabet ? token.utf8.count : token.unicodeScalars.count
        guard length == secretLength || length == tokenLength else { throw .incorrectLength }
        guard isOfAlphabet else { throw .invalidCharacters }
    }

    /// A token for `secret`, different at each call. The secret has passed `validate`; a token for anything else
    /// matches nothing.
    public static func mask(_ secret: String) -> String {
        mask(secret) { RandomText.fill($0, from: randomAlphabet) }
    }

    /// - Parameter draw: fills a buffer with the mask.
    static func mask(_ secret: String, _ draw: (UnsafeMutableBufferPointer<UInt8>) -> Void) -> String {
        let (secret, alphabet, places) = (secret.utf8Span.span, alphabet.span, places.span)
        return String(unsafeUninitializedCapacity: tokenLength) { token in
            draw(UnsafeMutableBufferPointer(rebasing: token[..<secretLength]))
            for index in 0..<secretLength {
                let place = index < secret.count ? Int(places[Int(secret[index])]) : 0
                let maskPlace = Int(places[Int(token[index])])
                token.initializeElement(at: secretLength + index, to: alphabet[(place + maskPlace) % alphabetSize])
            }
            return tokenLength
        }
    }

    /// The secret that a token of 64 characters masks, or nil if it is no such token.
    public static func unmask(_ token: String) -> String? {
        let token = token.utf8Span.span
        guard token.count == tokenLength, isOfAlphabet(token) else { return nil }
        return String(unsafeUninitializedCapacity: secretLength) { secret in
            for index in 0..<secretLength { secret.initializeElement(at: index, to: unmasked(token, at: index)) }
            return secretLength
        }
    }

    /// Whether `token`, masked or not, stands for `secret`; in constant time for tokens of the right form.
    public static func tokensMatch(_ token: String, _ secret: String) -> Bool {
        let (token, secret) = (token.utf8Span.span, secret.utf8Span.span)
        guard secret.count == secretLength else { return false }
        guard token.count == tokenLength else { return ConstantTime.equal(token, secret) }
        guard isOfAlphabet(token) else { return false }
        var difference: UInt8 = 0
        for index in 0..<secretLength { difference |= unmasked(token, at: index) ^ secret[index] }
        return difference == 0
    }

    /// A character of the secret that a masked token of the alphabet stands for, counted round the alphabet.
    private static func unmasked(_ token: Span<UInt8>, at index: Int) -> UInt8 {
        let place = Int(places[Int(token[secretLength + index])]) + alphabetSize - Int(places[Int(token[index])])
        return alphabet[place % alphabetSize]
    }

    private static func isOfAlphabet(_ text: Span<UInt8>) -> Bool {
        let places = places
        for index in 0..<text.count where places[Int(text[index])] == alphabetSize { return false }
        return true
    }
}
