import Sessions
import Web

/// Gives each request its user (Django's `AuthenticationMiddleware`); stands after ``SessionMiddleware``. A request whose
/// user nobody asks for asks the database nothing.
public struct AuthenticationMiddleware: Middleware {
    private let accounts: Accounts

    public init(_ accounts: Accounts) { self.accounts = accounts }

    public func processRequest(_ request: Request) throws -> PendingRequest? {
        request.attributes[Authentication.self] = Authentication(accounts: accounts)
        return nil
    }
}

/// What the middleware keeps with a request (Django's `request.user` and `request._cached_user`).
struct Authentication {
    let accounts: Accounts
    /// The user, once asked for; `.some(nil)` is nobody.
    var user: User??
}

extension Request {
    /// The user who is logged in, nil for nobody (Django's `request.user` and its `AnonymousUser`). Read once a request.
    public var user: User? {
        get async throws(SessionStoreError) {
            if let user = authentication.user { return user }
            let user = try await accounts.user(of: session)
            authentication.user = user
            return user
        }
    }

    /// What the middleware has set.
    public var accounts: Accounts { authentication.accounts }

    var authentication: Authentication {
        get {
            guard let authentication = attributes[Authentication.self] else {
                preconditionFailure("request.user is used, but AuthenticationMiddleware is not among the middleware")
            }
            return authentication
        }
        set { attributes[Authentication.self] = newValue }
    }
}
