import PasswordHashers
import Web

/// The user whose name and password a request brings, nil for any other pair (Django's `authenticate`); within the limits
/// on guessing. All ways to write a name count as one.
///
/// - Throws: ``HTTPError/tooManyRequests(retryAfter:)``, and what ``Accounts/authenticate(username:password:)`` throws.
public func authenticate(_ request: Request, username: String, password: String) async throws -> User? {
    let accounts = request.accounts
    do {
        let user = try await accounts.limited(request, username: normalizeUsername(username)) {
            try await accounts.authenticate(username: username, password: password)
        }
        accounts.loginMetrics.ended(isRight: user != nil)
        if user == nil { accounts.audit?.note(.loginFailed, username: username, request.meta) }
        return user
    } catch {
        accounts.loginMetrics.ended(with: error)
        throw error
    }
}

extension Accounts {
    /// Lets a password be looked at, where the limits allow one more attempt, and gives the attempt back where it was right.
    ///
    /// - Parameters:
    ///   - username: the name as it is looked up.
    ///   - verify: says whose name and password these are; nil for nobody's.
    /// - Throws: ``HTTPError/tooManyRequests(retryAfter:)``, what `verify` throws, and where the database is away
    ///   `SessionStoreError`.
    nonisolated func limited(
        _ request: Request, username: String, _ verify: () async throws -> User?
    ) async throws -> User? {
        guard let limits else { return try await verify() }
        let address = request.meta.string("REMOTE_ADDR") ?? ""
        switch try await limits.count(user: username, address: address) {
        case .refused(let seconds):
            audit?.note(.loginLimited, username: username, request.meta)
            throw HTTPError.tooManyRequests(retryAfter: seconds)
        case .counted(let login):
            do {
                guard let user = try await verify() else { return nil }
                await limits.giveBack(login, isKnown: true)
                return user
            } catch {
                // Nobody has learnt anything of the password.
                await limits.giveBack(login, isKnown: false)
                throw error
            }
        }
    }
}
