import CNettle

/// `md5$salt$hexadecimal` (`MD5PasswordHasher`), which Django uses in tests; accepted only where `PASSWORD_HASHERS` says so.
struct MD5: PasswordHash {
    private let salt: [UInt8]
    var hash: [UInt8]

    init(_ text: ArraySlice<UInt8>) throws(PasswordRefusal) {
        guard let fields = Fields.split(text, 2), !fields[0].isEmpty else { throw .malformed(.md5) }
        (salt, hash) = (Array(fields[0]), Array(fields[1]))
    }

    var cost: HashCost { HashCost(hasher: .md5) }

    func matches(_ password: RawPassword) -> Bool {
        var (state, digest) = (md5_ctx(), [UInt8](repeating: 0, count: 16))
        nettle_md5_init(&state)
        nettle_md5_update(&state, salt.count, salt)
        password.withBytes { nettle_md5_update(&state, $0.count, $0.bindMemory(to: UInt8.self).baseAddress) }
        nettle_md5_digest(&state, digest.count, &digest)
        return Fields.equal(Fields.hexadecimal(digest.span), hash)
    }
}
