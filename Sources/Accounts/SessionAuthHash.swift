import DjangoFormat

/// What ties a session to the password that was valid when it began (Django's `get_session_auth_hash`): another password,
/// and every session of the user is worth nothing.
public struct SessionAuthHash: Sendable {
    private static let salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

    private let current: SaltedHMAC
    private let fallbacks: [SaltedHMAC]

    public init(secretKey: String, fallbacks: [String] = []) {
        current = SaltedHMAC(salt: Self.salt, secretKey: secretKey)
        self.fallbacks = fallbacks.map { SaltedHMAC(salt: Self.salt, secretKey: $0) }
    }

    /// The hash that a login stores.
    public func hash(of user: User) -> String { current.hexDigest(of: user.password) }

    public enum Match: Sendable {
        case current
        /// It was made with an older secret key, and is to be replaced.
        case fallback
    }

    /// How a stored hash fits the user's password; nil where it does not.
    public func match(_ stored: String, _ user: User) -> Match? {
        func fits(_ key: SaltedHMAC) -> Bool {
            ConstantTime.equal(stored.utf8Span.span, key.hexDigest(of: user.password).utf8Span.span)
        }
        if fits(current) { return .current }
        return fallbacks.contains(where: fits) ? .fallback : nil
    }
}

extension User {
    /// Django's `get_session_auth_hash`.
    public func sessionAuthHash(secretKey: String) -> String { SessionAuthHash(secretKey: secretKey).hash(of: self) }
}
