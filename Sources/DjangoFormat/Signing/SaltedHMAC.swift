import Crypto

/// HMAC-SHA256 under SHA-256 of a salt and the secret key (`django.utils.crypto.salted_hmac`).
public struct SaltedHMAC: Sendable {
    let keyed: HMAC<SHA256>

    public init(salt: String, secretKey: String) {
        keyed = HMAC(key: SymmetricKey(data: SHA256.hash(data: [UInt8]((salt + secretKey).utf8))))
    }

    /// The first digits of the 64 that there are, small letters among them.
    public func hexDigest(of text: String, digits: Int = 64) -> String {
        var authenticator = keyed
        authenticator.update(data: [UInt8](text.utf8))
        let code = authenticator.finalize()
        return String(unsafeUninitializedCapacity: 2 * SHA256.byteCount) { hex in
            for (index, byte) in code.enumerated() {
                (hex[2 * index], hex[2 * index + 1]) = (Self.digit(byte >> 4), Self.digit(byte & 15))
            }
            return min(digits, hex.count)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }
}
