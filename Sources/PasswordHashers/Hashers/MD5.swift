import Crypto

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
        var digest = Insecure.MD5()
        digest.update(data: salt)
        password.withBytes { digest.update(bufferPointer: $0) }
        return Fields.equal(Fields.hexadecimal(digest.finalize()), hash)
    }
}
