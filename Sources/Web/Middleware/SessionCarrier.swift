import Sessions

/// How a session's key travels between one client and the server: in the cookie, or in the header `X-Session-Token` for a
/// client without a cookie jar.
enum SessionCarrier {
    case cookie(String?)
    case token(String?)

    /// Whoever sends the header, though it be empty, has chosen it: the cookie does not count then. Another site cannot
    /// make a browser send it, so such a request proves its will by it and needs no CSRF check.
    init(_ request: Request, _ settings: SessionSettings) {
        if settings.tokenHeader, let token = request.meta.string("HTTP_X_SESSION_TOKEN") {
            // Not every client and proxy can send an empty header.
            self = .token(token.isEmpty || token == "new" ? nil : token)
        } else {
            self = .cookie(request.cookies[settings.cookieName])
        }
    }

    var isToken: Bool { if case .token = self { true } else { false } }

    /// The key that the client showed.
    var key: String? {
        switch self {
        case .cookie(let key), .token(let key): key
        }
    }

    /// Hands the session's key to the client.
    func send(
        _ session: Session, _ lifetime: SessionLifetime, _ response: inout Response, _ cookies: SessionCookies
    ) throws(BadHeaderError) {
        let key = session.sessionKey ?? ""
        switch self {
        case .cookie:
            response.setCookie(cookies.cookie.holding(key, maxAge: lifetime.maxAge, expires: lifetime.expires))
        case .token: try sendToken(key, &response)
        }
        cookies.vary(&response)
    }

    /// Makes the client forget the key that it showed.
    func forget(_ response: inout Response, _ cookies: SessionCookies) throws(BadHeaderError) {
        switch self {
        case .cookie: response.setCookie(cookies.deletion)
        case .token: try sendToken("", &response)
        }
        cookies.vary(&response)
    }

    /// Caches know that a cookie is for one client only, of this header they do not.
    private func sendToken(_ token: String, _ response: inout Response) throws(BadHeaderError) {
        try response.setHeader("X-Session-Token", token)
        response.addNeverCacheHeaders()
    }
}

extension SessionEngine {
    /// The session whose key came with a request, for a layer that reads it apart from ``SessionMiddleware``: what becomes
    /// of it there is never saved, and the client keeps what it has.
    public func session(of request: Request) -> Session { session(SessionCarrier(request, settings).key) }
}

/// What the settings make of every session's cookie.
struct SessionCookies: Sendable {
    let cookie: PreparedCookie
    let deletion: SetCookie
    private let hasTokens: Bool

    init(_ settings: SessionSettings) throws(BadHeaderError) {
        cookie = try PreparedCookie(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            secure: settings.cookieSecure, httpOnly: settings.cookieHTTPOnly, sameSite: settings.cookieSameSite,
            partitioned: settings.cookiePartitioned)
        deletion = try .delete(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            secure: settings.cookieSecure && !settings.djangoCompatible, sameSite: settings.cookieSameSite,
            partitioned: settings.cookiePartitioned)
        hasTokens = settings.tokenHeader
    }

    /// Says that the response depends on the session, whichever way its key came.
    func vary(_ response: inout Response) {
        response.patchVaryCookie()
        if hasTokens { response.patchVary("X-Session-Token") }
    }
}

/// How long the client is to keep the key: nil until it is closed.
struct SessionLifetime {
    var maxAge: Int?
    /// Seconds since 1970-01-01 UTC.
    var expires: Int64?

    /// - Parameters:
    ///   - age: seconds.
    ///   - now: microseconds since 1970-01-01 UTC.
    init(age: Double?, now: Int64) {
        guard let age else { return }
        maxAge = Int(age.clamped)
        expires = ((Double(now) / 1_000_000 + age).rounded(.down)).clamped
    }
}

extension Double {
    /// As a number of seconds that dates can be made of.
    fileprivate var clamped: Int64 { isNaN ? 0 : Int64(Swift.min(Swift.max(self, -62_135_596_800), 253_402_300_799)) }
}
