import Sessions

/// Gives each request its session, and saves it and sets its cookie with the response (Django's `SessionMiddleware`, in
/// its branch order).
public struct SessionMiddleware: Middleware {
    private let engine: SessionEngine

    public init(_ engine: SessionEngine) { self.engine = engine }

    public func callAsFunction(
        _ request: Request, _ getResponse: (Request) async -> Response
    ) async throws -> Response {
        let settings = engine.settings
        let cookie = request.cookies[settings.cookieName]
        let session = engine.session(cookie)
        request.session = session
        var response = await getResponse(request)

        // The browser has a cookie, but there is no session: the cookie goes.
        if cookie != nil, session.isEmpty {
            response.setCookie(try .deletingSession(settings))
            response.patchVary("Cookie")
            return response
        }
        if session.accessed { response.patchVary("Cookie") }
        guard session.modified || settings.saveEveryRequest, !session.isEmpty else { return response }
        // What failed is not saved, and the cookie that the browser has stays.
        guard response.status < 500 else { return response }
        let lifetime = CookieLifetime(age: try await session.cookieAge(), now: engine.now)
        try await session.save()
        response.setCookie(try .session(session, lifetime, settings))
        response.patchVary("Cookie")
        return response
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

extension SetCookie {
    fileprivate static func session(
        _ session: Session, _ lifetime: CookieLifetime, _ settings: SessionSettings
    ) throws(BadHeaderError) -> SetCookie {
        try SetCookie(
            settings.cookieName, session.sessionKey ?? "", maxAge: lifetime.maxAge, expires: lifetime.expires,
            path: settings.cookiePath, domain: settings.cookieDomain, secure: settings.cookieSecure,
            httpOnly: settings.cookieHTTPOnly, sameSite: settings.cookieSameSite)
    }

    fileprivate static func deletingSession(_ settings: SessionSettings) throws(BadHeaderError) -> SetCookie {
        try .delete(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            sameSite: settings.cookieSameSite)
    }
}
