import Crypto

/// HMAC-SHA256 under SHA-256 of a salt and the secret key (`django.utils.crypto.salted_hmac`).
public struct SaltedHMAC: Sendable {
    let keyed: HMAC<SHA256>

    public init(salt: String, secretKey: String) {
        keyed = HMAC(key: SymmetricKey(data: SHA256.hash(data: [UInt8]((salt + secretKey).utf8))))
    }

    /// 64 digits, small letters among them.
    public func hexDigest(of text: String) -> String {
        var authenticator = keyed
        authenticator.update(data: [UInt8](text.utf8))
        let digits = [UInt8]("0123456789abcdef".utf8)
        let hex = authenticator.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: hex, as: UTF8.self)
    }
}
