import DjangoFormat

/// An attempt to log in, by the keys of what it counts against.
struct LoginAttempt: Sendable {
    let address: Int64
    /// The account from anywhere that is not known.
    let account: Int64
    /// The account from this network.
    let network: Int64

    /// - Parameter hash: what keeps user names and addresses out of the table; nobody without the secret key can tell
    ///   whether it holds one.
    init(user: String, address: String, hash: SaltedHMAC) {
        func key(_ text: String) -> Int64 {
            Int64(bitPattern: UInt64(hash.hexDigest(of: text, digits: 16), radix: 16) ?? 0)
        }
        let address = ClientAddress(address)
        self.address = key("address \(address.client)")
        account = key("account \(user)")
        network = key("known \(address.network) \(user)")
    }
}

/// An attempt that was let through and counted.
public struct CountedLogin: Sendable {
    let address: Int64
    /// Which of the two it was counted against.
    let account: Int64
    let network: Int64
}

/// What becomes of an attempt.
public enum LoginVerdict: Sendable {
    case counted(CountedLogin)
    /// Too many were made; after so many seconds there is room for one.
    case refused(retryAfter: Int)
}
