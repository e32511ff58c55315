import Accounts
import DjangoFormat
import Sessions
import Web

/// Guards files and services of any kind with the Django login: it answers the web server's question whether a request may
/// pass, and who it comes from.
///
/// It only reads, at each request anew: no session is made, extended, saved or ended by it and no cookie set, whatever the
/// settings say, so what was revoked is revoked at the next request. (The `file` engine, as Django's, deletes the file of an
/// expired session where it meets it.) Where Django's `get_user` would end a session (its user has another password now) it
/// is no session here; where it would renew one (made with an older secret key) the user passes; both are left to the next
/// page that a view makes.
public struct Gate {
    let sessions: SessionEngine
    let accounts: Accounts
    private let hints: SessionList?

    /// - Parameter hints: where the sessions are read from the database, the list that knows whose most of them are: one
    ///   statement reads a session and its user then, and two where it does not know.
    public init(sessions: SessionEngine, accounts: Accounts, hints: SessionList? = nil) {
        self.sessions = sessions
        self.accounts = accounts
        self.hints = hints
    }

    /// What nginx asks. `/session/verify`, for `auth_request`: 204 with who it is, 401, or 403 where the location asks for
    /// more (``Requirements``). `/session/login`, for `error_page 401`: the way to the login page. They belong before all
    /// other layers, which have nothing to do for them.
    public var questions: [EarlyView] {
        [
            EarlyView("/session/verify", verify, methods: ["GET"], name: "session_verify"),
            EarlyView("/session/login", redirectToLogin, name: "session_login"),
        ]
    }

    /// `/session/status`, which browsers ask. Belongs behind the `SecurityMiddleware`.
    public var statusPage: EarlyView {
        EarlyView("/session/status", status, methods: ["GET"], name: "session_status")
    }

    /// What answers the requests of the FastCGI role Authorizer, whatever their path.
    public func authorizer(settings: WebSettings) throws(ImproperlyConfigured) -> Application {
        Application(
            try URLResolver([]), middleware: [EarlyView(nil, authorize, name: "authorizer")],
            settings: settings)
    }

    // MARK: The question

    enum Verdict {
        case allowed(Identity)
        case anonymous
        case forbidden
    }

    func verdict(on request: Request) async throws -> Verdict {
        let requirements = try Requirements(request.meta)
        let wantsGroups = try Self.wantsGroups(request.meta)
        let needsAccess = wantsGroups || requirements.needAccess
        let session = sessions.session(of: request)
        var row: User?
        if !needsAccess, let hints, let key = session.sessionKey,
            let (found, user) = try await hints.read(key, now: sessions.now)
        {
            session.fill(with: found)
            row = user
        }
        guard let claim = try await SessionClaim(session, backends: accounts.settings.backends) else {
            return .anonymous
        }
        var access: UserAccess?
        if needsAccess {
            access = try await accounts.users.access(of: claim.userID)
            row = access?.user
        } else if row?.id != claim.userID {
            row = try await accounts.users.user(id: claim.userID)
        }
        guard let row, let user = accounts.standing(of: claim, row).user else { return .anonymous }
        guard requirements.hold(for: user, access) else { return .forbidden }
        return .allowed(Identity(user: user, groups: wantsGroups ? access?.groups ?? [] : nil))
    }

    /// Whether the web server wants to be told the groups, by the parameter `SESSIOND_GROUPS`, which is `on` or `off`.
    private static func wantsGroups(_ meta: Meta) throws(InvalidParameter) -> Bool {
        switch meta.string("SESSIOND_GROUPS") {
        case "on": return true
        case "off", nil: return false
        case let text?: throw InvalidParameter("SESSIOND_GROUPS", "\(text) is neither on nor off")
        }
    }

    private func verify(_ request: Request) async throws -> Response {
        var response: Response
        switch try await verdict(on: request) {
        case .allowed(let identity):
            response = Response(status: 204)
            try identity.describe(in: &response)
        case .anonymous: response = Response(status: 401)
        case .forbidden: response = Response(status: 403)
        }
        response.addNeverCacheHeaders()
        return response
    }

    private func authorize(_ request: Request) async throws -> Response {
        var response: Response
        switch try await verdict(on: request) {
        case .allowed(let identity):
            response = Response()
            try identity.describeAsVariables(in: &response)
            return response
        case .anonymous: response = try await redirectToLogin(request)
        case .forbidden: response = plainPage(status: 403)
        }
        response.addNeverCacheHeaders()
        return response
    }
}
