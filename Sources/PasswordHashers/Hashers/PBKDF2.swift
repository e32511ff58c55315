import CNettle

/// `pbkdf2_sha256$1000000$salt$base64` (`PBKDF2PasswordHasher`, `PBKDF2SHA1PasswordHasher`).
struct PBKDF2: PasswordHash {
    enum Digest {
        case sha256, sha1
    }

    /// About three seconds; Django 5.2 asks for a million.
    private static let iterationLimit = 10_000_000

    private let digest: Digest
    private let iterations: Int
    private let salt: [UInt8]
    var hash: [UInt8]

    init(_ digest: Digest, _ text: ArraySlice<UInt8>) throws(PasswordRefusal) {
        self.digest = digest
        let hasher: PasswordHasher = digest == .sha256 ? .pbkdf2SHA256 : .pbkdf2SHA1
        guard let fields = Fields.split(text, 3), let iterations = Fields.number(fields[0]), !fields[1].isEmpty else {
            throw .malformed(hasher)
        }
        guard iterations <= Self.iterationLimit else { throw .tooCostly(hasher) }
        self.iterations = iterations
        (salt, hash) = (Array(fields[1]), Array(fields[2]))
    }

    var cost: HashCost { HashCost(hasher: hasher, parameters: [iterations]) }

    private var hasher: PasswordHasher { digest == .sha256 ? .pbkdf2SHA256 : .pbkdf2SHA1 }

    /// Of the libraries that a worker has loaded anyway, nettle is the fastest at this: OpenSSL 3.0 takes nearly twice as long,
    /// which would only help those who guess.
    func matches(_ password: RawPassword) -> Bool {
        let compute = digest == .sha256 ? nettle_pbkdf2_hmac_sha256 : nettle_pbkdf2_hmac_sha1
        var key = [UInt8](repeating: 0, count: digest == .sha256 ? 32 : 20)
        password.withBytes { password in
            compute(
                password.count, password.bindMemory(to: UInt8.self).baseAddress, UInt32(clamping: iterations),
                salt.count,
                salt, key.count, &key)
        }
        return Fields.equal(Fields.base64(key), hash)
    }
}
