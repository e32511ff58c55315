/// Signatures with the time of signing (`django.core.signing.TimestampSigner`).
///
/// The session `{"a":1}`, signed at 1700000000 with the key `test-secret-key`, is the payload in base64, the time in
/// base 62 and the signature in base64:
///
///     let signer = TimestampSigner(secretKey: "test-secret-key", salt: TimestampSigner.sessionSalt)
///     signer.sign(payload: [UInt8]("eyJhIjoxfQ".utf8), at: 1_700_000_000)
///     // eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8
///
/// The signature is HMAC-SHA256 of all before its colon, under SHA-256 of salt, "signer" and the secret key.
public struct TimestampSigner: Sendable {
    /// The salt of every session engine that Django brings along.
    public static let sessionSalt = "django.contrib.sessions.SessionStore"

    /// The salt of the engine whose sessions are cookies.
    public static let signedCookiesSalt = "django.contrib.sessions.backends.signed_cookies"

    private let authenticator: HMACSHA256
    private let fallbacks: [HMACSHA256]

    /// - Parameters:
    ///   - secretKey: Django's `SECRET_KEY`; it signs.
    ///   - fallbacks: Django's `SECRET_KEY_FALLBACKS`; their signatures are accepted too.
    public init(secretKey: String, fallbacks: [String] = [], salt: String) {
        func authenticator(_ key: String) -> HMACSHA256 {
            SaltedHMAC(salt: salt + "signer", secretKey: key).keyed
        }
        self.authenticator = authenticator(secretKey)
        self.fallbacks = fallbacks.map(authenticator)
    }

    /// `payload:timestamp:signature`.
    public func sign(payload: [UInt8], at unixTime: Int) -> [UInt8] {
        var signed = payload
        sign(&signed, at: unixTime)
        return signed
    }

    /// Appends `:timestamp:signature` to the payload.
    func sign(_ payload: inout [UInt8], at unixTime: Int) {
        payload.append(UInt8(ascii: ":"))
        Base62.append(unixTime, to: &payload)
        let signature = Self.signature(of: payload.span, authenticator)
        payload.append(UInt8(ascii: ":"))
        payload.append(contentsOf: signature)
    }

    /// The payload of `payload:timestamp:signature`. The age of the signature is not looked at.
    public func unsign(_ signed: [UInt8]) throws(SigningError) -> ArraySlice<UInt8> {
        signed[try unsign(signed.span).payload]
    }

    /// The payload of a text that was signed no longer than `maxAge` seconds ago.
    /// - Parameter now: seconds since 1970-01-01 UTC.
    public func unsign(_ signed: [UInt8], maxAge: Double, now: Double) throws(SigningError) -> ArraySlice<UInt8> {
        signed[try unsign(signed.span, maxAge: maxAge, now: now).payload]
    }

    /// Where in `signed` the payload lies, and when it was signed.
    func unsign(
        _ signed: Span<UInt8>, maxAge: Double, now: Double
    ) throws(SigningError) -> (payload: Range<Int>, unixTime: Int) {
        let unsigned = try unsign(signed)
        guard now - Double(unsigned.unixTime) <= maxAge else { throw .signatureExpired }
        return unsigned
    }

    func unsign(_ signed: Span<UInt8>) throws(SigningError) -> (payload: Range<Int>, unixTime: Int) {
        guard let signatureColon = Self.lastColon(in: signed) else { throw .badSignature }
        let signature = signed.extracting((signatureColon + 1)...)
        let value = signed.extracting(..<signatureColon)
        guard isSignature(signature, of: value) else { throw .badSignature }
        guard let timestampColon = Self.lastColon(in: value),
            let unixTime = Base62.decode(value.extracting((timestampColon + 1)...))
        else { throw .malformedTimestamp }
        return (0..<timestampColon, unixTime)
    }

    private func isSignature(_ signature: Span<UInt8>, of value: Span<UInt8>) -> Bool {
        if ConstantTime.equal(signature, Self.signature(of: value, authenticator).span) { return true }
        for fallback in fallbacks where ConstantTime.equal(signature, Self.signature(of: value, fallback).span) {
            return true
        }
        return false
    }

    private static func signature(of value: Span<UInt8>, _ keyed: HMACSHA256) -> [UInt8] {
        var signature: [UInt8] = []
        Base64URL.append(keyed.code(of: value).span, to: &signature)
        return signature
    }

    private static func lastColon(in bytes: Span<UInt8>) -> Int? {
        var index = bytes.count
        while index > 0 {
            index -= 1
            if bytes[index] == UInt8(ascii: ":") { return index }
        }
        return nil
    }
}

/// Why a signed text is refused.
public enum SigningError: Error, CustomStringConvertible {
    /// No signature, or one of another key (`django.core.signing.BadSignature`).
    case badSignature
    /// The signature is right, but what stands before it holds no time.
    case malformedTimestamp
    /// The signature is right, but too old (`django.core.signing.SignatureExpired`).
    case signatureExpired

    public var description: String {
        switch self {
        case .badSignature: "the signature does not match"
        case .malformedTimestamp: "the signed text holds no timestamp"
        case .signatureExpired: "the signature is too old"
        }
    }
}
