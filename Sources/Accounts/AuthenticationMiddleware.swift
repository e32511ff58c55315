import DjangoFormat
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

    /// Has a session of an older secret key renewed when it is saved. Django does so as soon as somebody asks for the user,
    /// and then such a visitor is logged out by a view that fails.
    public func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
        if response.status < 500, case .outdated(let user)? = request.attributes[Authentication.self]?.standing {
            let hash = accounts.authHash.hash(of: user)
            request.session.renew(setting: SessionKeys.hash, to: .string(JSONString(hash)))
        }
        return nil
    }
}

/// What the middleware keeps with a request (Django's `request.user` and `request._cached_user`).
struct Authentication {
    let accounts: Accounts
    /// Whose the session is, once asked for.
    var standing: SessionStanding?
}

extension Request {
    /// The user who is logged in, nil for nobody (Django's `request.user` and its `AnonymousUser`). Read once a request.
    public var user: User? {
        get async throws(SessionStoreError) {
            if let standing = authentication.standing { return standing.user }
            let standing = try await accounts.enforcedStanding(of: session)
            authentication.standing = standing
            return standing.user
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
