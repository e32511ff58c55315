/// The hashers that passwords are accepted from (`django.contrib.auth.hashers` and its setting `PASSWORD_HASHERS`). They
/// verify only: a password that is hashed anew changes its column, and so logs the user out everywhere else.
public struct PasswordHashers: Sendable {
    /// Django 5.2's default, in its order.
    public static let defaultPaths =
        [.pbkdf2SHA256, .pbkdf2SHA1, .argon2, .bcryptSHA256, .scrypt].map { (hasher: PasswordHasher) in hasher.path }

    public let accepted: [PasswordHasher]

    public init() { accepted = PasswordHasher.allCases.filter { Self.defaultPaths.contains($0.path) } }

    /// - Parameter paths: Django's `PASSWORD_HASHERS`.
    /// - Throws: ``UnknownHasherPath`` for a class that is none of Django's.
    public init(paths: [String]) throws(UnknownHasherPath) {
        var accepted: [PasswordHasher] = []
        for path in paths {
            guard let hasher = PasswordHasher.allCases.first(where: { $0.path == path }) else {
                throw UnknownHasherPath(path: path)
            }
            accepted.append(hasher)
        }
        self.accepted = accepted
    }

    /// Whether the text is no mark of `set_unusable_password()` (`is_password_usable`).
    public static func isUsable(_ encoded: String?) -> Bool { encoded?.utf8.first != UInt8(ascii: "!") }

    /// The hasher that wrote the text (`identify_hasher`), nil where it is unknown or not accepted. The hashes without a salt
    /// of ancient Djangos are of none.
    public func identify(_ encoded: String) -> PasswordHasher? {
        let name = encoded.utf8.prefix { $0 != UInt8(ascii: "$") }
        guard name.endIndex < encoded.utf8.endIndex else { return nil }
        return accepted.first { $0.rawValue.utf8.elementsEqual(name) }
    }

    /// Reads what a column `password` holds.
    /// - Throws: ``PasswordRefusal`` where no password can match it.
    public func decode(_ encoded: String) throws(PasswordRefusal) -> EncodedPassword {
        guard Self.isUsable(encoded) else { throw .unusable }
        guard let hasher = identify(encoded) else { throw .unknownHasher }
        guard encoded.utf8.count <= 4096 else { throw .malformed(hasher) }
        return try EncodedPassword(hash: hasher.decode(Array(encoded.utf8)[(hasher.rawValue.utf8.count + 1)...]))
    }

    /// Whether the password is the one that was encoded (`check_password` without a setter). It takes as long as the
    /// encoded parameters ask for, so it is not for the event loop's thread.
    /// - Throws: ``HashingError``.
    public func checkPassword(_ password: String, _ encoded: String) throws(HashingError) -> Bool {
        guard let encoded = try? decode(encoded) else { return false }
        return try encoded.matches(RawPassword(password))
    }
}

/// What a hasher made of a password, read.
public struct EncodedPassword: Sendable {
    var hash: any PasswordHash

    /// - Throws: ``HashingError``.
    public func matches(_ password: RawPassword) throws(HashingError) -> Bool { try hash.matches(password) }
}

/// `PASSWORD_HASHERS` names a class that is unknown here.
public struct UnknownHasherPath: Error, CustomStringConvertible {
    public let path: String
    public var description: String {
        let known = PasswordHasher.allCases.map(\.path).joined(separator: ", ")
        return "'\(path)' is no hasher that can be verified here; the known ones are \(known)"
    }
}
