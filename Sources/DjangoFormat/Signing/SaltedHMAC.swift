/// HMAC-SHA256 under SHA-256 of a salt and the secret key (`django.utils.crypto.salted_hmac`).
public struct SaltedHMAC: Sendable {
    let keyed: HMACSHA256

    public init(salt: String, secretKey: String) {
        keyed = HMACSHA256(key: SHA256.digest(of: [UInt8]((salt + secretKey).utf8).span).span)
    }

    /// The first digits of the 64 that there are, small letters among them.
    public func hexDigest(of text: String, digits: Int = 64) -> String { keyed.hexDigest(of: text, digits: digits) }
}
