import DjangoFormat
import Sessions

/// Refuses requests that another site made a browser send (Django's `CsrfViewMiddleware`).
///
/// A secret lies in a cookie, or in the session; a request that is not safe must bring a token made from it, and come from
/// this site as far as the browser tells. The reasons of a refusal are Django's words.
///
/// A client that sends its session's key in a header needs no such check: no other site can make a browser send that, and
/// cookies do not count beside it. It gets no cookie either.
public struct CSRFMiddleware: Middleware {
    private let settings: CSRFSettings
    private let trustedOrigins: TrustedOrigins
    /// The domain of the cookie that the secret depends on.
    private let domain: String?
    private let cookie: PreparedCookie

    /// - Parameter sessionCookieDomain: what counts under `CSRF_USE_SESSIONS`, where ``SessionMiddleware`` must stand before
    ///   this one.
    /// - Throws: ``ImproperlyConfigured`` for an entry of `CSRF_TRUSTED_ORIGINS` that is no origin, ``BadHeaderError`` where
    ///   the settings make no cookie.
    public init(_ settings: CSRFSettings = CSRFSettings(), sessionCookieDomain: String? = nil) throws {
        self.settings = settings
        domain = settings.useSessions ? sessionCookieDomain : settings.cookieDomain
        trustedOrigins = try TrustedOrigins(settings.trustedOrigins)
        cookie = try PreparedCookie(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            secure: settings.cookieSecure, httpOnly: settings.cookieHTTPOnly, sameSite: settings.cookieSameSite,
            partitioned: settings.cookiePartitioned)
    }

    public func processRequest(_ request: Request) throws -> PendingRequest? {
        if request.isTokenClient { return nil }
        if settings.useSessions {
            return {
                try await readSession(request)
                return nil
            }
        }
        readCookie(request)
        return nil
    }

    public func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
        guard !request.isTokenClient, request.csrf.needsUpdate, let secret = request.csrf.secret else { return nil }
        request.csrf.needsUpdate = false
        if settings.useSessions {
            return { _ in
                if try await request.session[sessionKey]?.string != secret {
                    try await request.session.set(sessionKey, to: .string(JSONString(secret)))
                }
            }
        }
        response.setCookie(cookie.holding(secret, maxAge: settings.cookieAge))
        response.patchVaryCookie()
        return nil
    }

    /// - Throws: ``HTTPError/forbidden(reason:)``, and what reading the form throws.
    public func processView(_ request: Request, _ match: ResolverMatch) throws {
        guard !request.isTokenClient, !match.csrfExempt, !isSafe(request.method) else { return }
        if let origin = request.meta["HTTP_ORIGIN"] {
            guard isOwn(origin: origin, request) || trustedOrigins.contains(origin: origin) else {
                throw reject("Origin checking failed - \(text(origin)) does not match any trusted origins.")
            }
        } else if request.isSecure {
            try checkReferer(request)
        }
        try checkToken(request)
    }

    private func isSafe(_ method: String) -> Bool {
        switch method {
        case "GET", "HEAD", "OPTIONS", "TRACE": true
        default: false
        }
    }

    /// Takes the secret from the cookie; a malformed cookie is replaced.
    private func readCookie(_ request: Request) {
        guard let cookie = request.cookies[settings.cookieName] else { return }
        guard (try? CSRF.validate(cookie)) != nil else { return rotateToken(request) }
        // Before Django 4.0 the cookie was masked.
        request.csrf.secret = CSRF.unmask(cookie) ?? cookie
    }

    private func readSession(_ request: Request) async throws {
        guard let secret = try await request.session[sessionKey]?.string, (try? CSRF.validate(secret)) != nil else {
            return
        }
        request.csrf.secret = CSRF.unmask(secret) ?? secret
        request.csrf.stored = request.csrf.secret
    }

    private func isOwn(origin: ArraySlice<UInt8>, _ request: Request) -> Bool {
        guard let host = try? request.host() else { return false }
        return origin.equals("\(request.scheme)://\(host)")
    }

    /// HTTPS without an `Origin`: a network attacker can plant a cookie over HTTP, but cannot forge the page that a browser
    /// comes from.
    private func checkReferer(_ request: Request) throws(HTTPError) {
        guard let referer = request.meta["HTTP_REFERER"] else { throw .csrfNoReferer }
        guard let url = SplitURL(referer), !url.scheme.isEmpty, !url.netloc.isEmpty else {
            throw reject("Referer checking failed - Referer is malformed.")
        }
        guard url.scheme == "https" else {
            throw reject("Referer checking failed - Referer is insecure while host is secure.")
        }
        if trustedOrigins.contains(host: url.netloc) { return }
        guard let good = goodReferer(request), HostPattern(good).matches(url.netloc) else {
            let page = referer.prefix { !"?#".utf8.contains($0) }
            throw reject("Referer checking failed - \(text(page)) does not match any trusted origins.")
        }
    }

    /// The cookie's domain with a port that is not the usual one, else the host that was called.
    private func goodReferer(_ request: Request) -> String? {
        guard let domain else { return try? request.host() }
        return ["443", "80"].contains(request.port) ? domain : "\(domain):\(request.port)"
    }

    private func checkToken(_ request: Request) throws(HTTPError) {
        let secret = try ownSecret(request)
        var token = request.method == "POST" ? try request.post()["csrfmiddlewaretoken"] ?? "" : ""
        var source = "POST"
        if token.isEmpty {
            guard let header = request.meta.string(settings.headerName) else { throw reject("CSRF token missing.") }
            token = header
            source = "the '\(headerTitle(settings.headerName))' HTTP header"
        }
        do {
            try CSRF.validate(token)
        } catch {
            throw reject("CSRF token from \(source) \(error).")
        }
        guard CSRF.tokensMatch(token, secret) else { throw reject("CSRF token from \(source) incorrect.") }
    }

    /// The secret that the request came with; what `getToken` made meanwhile does not count.
    private func ownSecret(_ request: Request) throws(HTTPError) -> String {
        if settings.useSessions {
            guard let secret = request.csrf.stored else { throw .csrfCookieNotSet }
            return secret
        }
        guard let cookie = request.cookies[settings.cookieName] else { throw .csrfCookieNotSet }
        do {
            try CSRF.validate(cookie)
        } catch {
            throw reject("CSRF cookie \(error).")
        }
        return CSRF.unmask(cookie) ?? cookie
    }

    private func reject(_ reason: String) -> HTTPError { .forbidden(reason: reason) }

    private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Django's `CSRF_SESSION_KEY`.
private let sessionKey: JSONString = "_csrftoken"

/// `HTTP_X_CSRFTOKEN` as `X-Csrftoken` (Django's `HttpHeaders.parse_header_name`).
private func headerTitle(_ parameter: String) -> String {
    let name = parameter.utf8.starts(with: "HTTP_".utf8) ? parameter.dropFirst(5) : parameter[...]
    var isFirst = true
    let title = name.utf8.map { byte -> UInt8 in
        defer { isFirst = !byte.isASCIILetter }
        return byte == UInt8(ascii: "_") ? UInt8(ascii: "-") : isFirst ? byte : byte.asciiLowercased
    }
    return String(decoding: title, as: UTF8.self)
}
