import EventLoop
import Logging

/// Django's `check_password` for logins: off the loop, and as long for a user who is unknown, or whose password cannot be
/// verified, as for others.
@EventLoop
public final class PasswordVerifier {
    public let hashers: PasswordHashers
    private let pool: HashPool
    private var dummies: DummyPasswords
    private let logger: Logger
    private var reported: Set<PasswordRefusal> = []

    public init(hashers: PasswordHashers, secretKey: String, pool: HashPool, logger: Logger) {
        (self.hashers, self.pool, self.logger) = (hashers, pool, logger)
        dummies = DummyPasswords(secretKey: secretKey, hashers: hashers)
    }

    /// Whether the password is the one that is stored for that username; `encoded` is nil where there is no such user.
    /// - Throws: ``HashPoolError`` where that was not found out.
    public func checkPassword(
        _ password: String, _ encoded: String?, of username: String
    ) async throws(HashPoolError) -> Bool {
        let dummy = dummies.password(of: username)
        let stored = encoded.flatMap(read)
        guard let subject = stored ?? dummy else { return false }
        let raw = RawPassword(password)
        let outcome = try await pool.run { () -> Result<Bool, HashingError> in
            do throws(HashingError) { return .success(try subject.matches(raw)) } catch { return .failure(error) }
        }
        switch outcome {
        case .success(let matches): return matches && stored != nil
        case .failure(let error): throw .failed(error)
        }
    }

    /// Tells which hashers are in use, for those who are unknown to take as long.
    /// - Parameter encoded: the stored passwords of some users, drawn at random.
    public func learn(from encoded: [String]) { dummies.learn(from: encoded, hashers: hashers) }

    private func read(_ encoded: String) -> EncodedPassword? {
        do throws(PasswordRefusal) {
            return try hashers.decode(encoded)
        } catch {
            if error != .unusable, reported.insert(error).inserted {
                logger.warning("a stored password is refused, whatever is typed", metadata: ["reason": "\(error)"])
            }
            return nil
        }
    }
}
