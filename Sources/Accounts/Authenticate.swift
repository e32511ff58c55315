import EventLoop
import PasswordHashers
import Sessions
import Web

extension Accounts {
    /// The longest password that is looked at, in bytes: how long hashing takes must not be the visitor's choice.
    static let longestPassword = 4096

    /// The user whose name and password these are, nil for any other pair (Django's `authenticate` with its
    /// `ModelBackend`).
    ///
    /// Whether there is no such user, he is inactive, has no usable password or another one, is not told, neither by the
    /// answer nor by the time that it takes. The stored hash is never made anew: in Django that would end the user's other
    /// sessions.
    public func authenticate(username: String, password: String) async throws -> User? {
        guard password.utf8.count <= Self.longestPassword else { return nil }
        let username = normalizeUsername(username)
        let user = try await users.user(named: username)
        let isRight = try await passwords.checkPassword(password, user?.password, of: username)
        return isRight && user?.isActive == true ? user : nil
    }
}

extension HashPoolError: HTTPErrorConvertible {
    public var httpError: HTTPError {
        switch self {
        case .queueFull, .noThread, .cancelled: .serviceUnavailable(retryAfter: 5)
        case .failed: .internalServerError
        }
    }
}
