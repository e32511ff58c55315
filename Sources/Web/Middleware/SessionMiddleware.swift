import Sessions

/// Gives each request its session, and saves it and sets its cookie with the response (Django's `SessionMiddleware`, in
/// its branch order).
public struct SessionMiddleware: Middleware {
    private let engine: SessionEngine
    private let cookie: PreparedCookie
    private let deletion: SetCookie

    /// - Throws: ``BadHeaderError`` where the settings make no cookie.
    public init(_ engine: SessionEngine) throws(BadHeaderError) {
        self.engine = engine
        let settings = engine.settings
        cookie = try PreparedCookie(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            secure: settings.cookieSecure, httpOnly: settings.cookieHTTPOnly, sameSite: settings.cookieSameSite)
        deletion = try .delete(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            sameSite: settings.cookieSameSite)
    }

    public func processRequest(_ request: Request) throws -> Response? {
        request.session = engine.session(request.cookies[engine.settings.cookieName])
        return nil
    }

    public func processResponse(_ request: Request, _ response: inout Response) throws -> Pending? {
        let session = request.session
        // The browser has a cookie, but there is no session: the cookie goes.
        if session.isEmpty, request.cookies[engine.settings.cookieName] != nil {
            response.setCookie(deletion)
            response.patchVaryCookie()
            return nil
        }
        if session.accessed { response.patchVaryCookie() }
        guard session.modified || engine.settings.saveEveryRequest, !session.isEmpty else { return nil }
        // What failed is not saved, and the cookie that the browser has stays.
        guard response.status < 500 else { return nil }
        return { response in
            let lifetime = CookieLifetime(age: try await session.cookieAge(), now: engine.now)
            try await session.save()
            response.setCookie(
                cookie.cookie(session.sessionKey ?? "", maxAge: lifetime.maxAge, expires: lifetime.expires))
            response.patchVaryCookie()
        }
    }
}

/// How long the browser keeps the cookie: nil until it is closed.
private struct CookieLifetime {
    var maxAge: Int?
    var expires: Int64?

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
