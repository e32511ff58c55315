/// The hashers that Django ships, by the name that stands before the first `$` of what they encode
/// (`BasePasswordHasher.algorithm`).
public enum PasswordHasher: String, Sendable, CaseIterable {
    case pbkdf2SHA256 = "pbkdf2_sha256"
    case pbkdf2SHA1 = "pbkdf2_sha1"
    case argon2
    case bcryptSHA256 = "bcrypt_sha256"
    case bcrypt
    case scrypt
    case md5

    /// The class that the setting `PASSWORD_HASHERS` names.
    public var path: String {
        let name =
            switch self {
            case .pbkdf2SHA256: "PBKDF2"
            case .pbkdf2SHA1: "PBKDF2SHA1"
            case .argon2: "Argon2"
            case .bcryptSHA256: "BCryptSHA256"
            case .bcrypt: "BCrypt"
            case .scrypt: "Scrypt"
            case .md5: "MD5"
            }
        return "django.contrib.auth.hashers.\(name)PasswordHasher"
    }

    /// What stands behind the first `$`, read.
    /// - Throws: ``PasswordRefusal``.
    func decode(_ text: ArraySlice<UInt8>) throws(PasswordRefusal) -> any PasswordHash {
        switch self {
        case .pbkdf2SHA256: try PBKDF2(.sha256, text)
        case .pbkdf2SHA1: try PBKDF2(.sha1, text)
        case .argon2: try Argon2(text)
        case .bcryptSHA256: try BCrypt(text, ofDigest: true)
        case .bcrypt: try BCrypt(text, ofDigest: false)
        case .scrypt: try Scrypt(text)
        case .md5: try MD5(text)
        }
    }
}

/// The salt, the parameters and the hash that one hasher wrote.
protocol PasswordHash: Sendable {
    /// Whether this is the hash of the password (`verify` in Django). May take a second and hundreds of megabytes.
    func matches(_ password: RawPassword) throws(HashingError) -> Bool

    /// What computing it costs; equal for two hashes that take the same time.
    var cost: HashCost { get }

    /// What the computed hash is compared with, as it is encoded.
    var hash: [UInt8] { get set }
}

/// Which hasher with which parameters: what decides how long a password takes to check.
struct HashCost: Hashable, Sendable {
    let hasher: PasswordHasher
    var parameters: [Int] = []
}

/// No memory is left for a hash, or the library failed: nobody knows whether the password is right.
public struct HashingError: Error, CustomStringConvertible {
    let hasher: PasswordHasher
    public var description: String { "no \(hasher.rawValue) hash could be computed; is there memory left?" }
}

/// Why no password can match what is stored, in words for the log; nothing of the stored text is in them.
public enum PasswordRefusal: Error, Hashable, CustomStringConvertible {
    /// `!` and what follows (`UNUSABLE_PASSWORD_PREFIX`).
    case unusable
    /// No hasher of that name is known, or `PASSWORD_HASHERS` does not list it.
    case unknownHasher
    case malformed(PasswordHasher)
    /// Its parameters ask for more time or memory than a login may take.
    case tooCostly(PasswordHasher)

    public var description: String {
        switch self {
        case .unusable: "no password is set"
        case .unknownHasher: "none of PASSWORD_HASHERS wrote it"
        case .malformed(let hasher): "it is no \(hasher.rawValue) hash that Django writes"
        case .tooCostly(let hasher): "its \(hasher.rawValue) parameters ask for more time or memory than is given"
        }
    }
}
