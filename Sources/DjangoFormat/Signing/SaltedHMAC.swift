/// HMAC-SHA256 under SHA-256 of a salt and the secret key (`django.utils.crypto.salted_hmac`).
public struct SaltedHMAC: Sendable {
    let keyed: HMACSHA256

    public init(salt: String, secretKey: String) {
        keyed = HMACSHA256(key: SHA256.digest(of: [UInt8]((salt + secretKey).utf8).span).span)
    }

    /// The first digits of the 64 that there are, small letters among them.
    public func hexDigest(of text: String, digits: Int = 64) -> String {
        let code = keyed.code(of: text.utf8Span.span)
        return String(unsafeUninitializedCapacity: 2 * code.count) { hex in
            for index in code.indices {
                (hex[2 * index], hex[2 * index + 1]) = (Self.digit(code[index] >> 4), Self.digit(code[index] & 15))
            }
            return min(digits, hex.count)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}
