import CCrypto

/// `scrypt$16384$salt$8$5$base64` (`ScryptPasswordHasher`): N, r and p stand around the salt.
struct Scrypt: PasswordHash {
    /// Django gives OpenSSL no limit of its own, which then takes 32 MiB: with more, a Django cannot have written it.
    private static let memoryLimit = 32 << 20
    /// N·r·p; sixteen times what Django 5.2 asks for, about four seconds.
    private static let workLimit = 16 * 16384 * 8 * 5

    private let (n, r, p): (Int, Int, Int)
    private let salt: [UInt8]
    var hash: [UInt8]

    init(_ text: ArraySlice<UInt8>) throws(PasswordRefusal) {
        guard let fields = Fields.split(text, 5), let n = Fields.number(fields[0]), !fields[1].isEmpty,
            let r = Fields.number(fields[2]), let p = Fields.number(fields[3]), n >= 2, n & (n - 1) == 0,
            // scrypt's own rule for N.
            r > 3 || n < 1 << (16 * r)
        else { throw .malformed(.scrypt) }
        let memory = max(Fields.product(128, n, r), Fields.product(128, p, r))
        guard memory <= Self.memoryLimit, Fields.product(n, r, p) <= Self.workLimit,
            128 * r * (p + n + 2) <= Self.memoryLimit
        else { throw .tooCostly(.scrypt) }
        (self.n, self.r, self.p) = (n, r, p)
        (salt, hash) = (Array(fields[1]), Array(fields[4]))
    }

    var cost: HashCost { HashCost(hasher: .scrypt, parameters: [n, r, p]) }

    func matches(_ password: RawPassword) throws(HashingError) -> Bool {
        var key = [UInt8](repeating: 0, count: 64)
        let isDone = password.withBytes { password in
            EVP_PBE_scrypt(
                password.bindMemory(to: CChar.self).baseAddress, password.count, salt, salt.count, UInt64(n), UInt64(r),
                UInt64(p), 0, &key, key.count)
        }
        guard isDone == 1 else { throw HashingError(hasher: .scrypt) }
        return Fields.equal(Fields.base64(key), hash)
    }
}
