import DjangoFormat

/// Refuses requests that another site made a browser send (Django's `CsrfViewMiddleware`).
///
/// A secret lies in a cookie; a request that is not safe must bring a token made from it, and come from this site as far as
/// the browser tells. The reasons of a refusal are Django's words.
public struct CSRFMiddleware: Middleware {
    private let settings: CSRFSettings
    private let trustedOrigins: TrustedOrigins
    private let cookie: PreparedCookie

    /// - Throws: ``ImproperlyConfigured`` for an entry of `CSRF_TRUSTED_ORIGINS` that is no origin, ``BadHeaderError`` where
    ///   the settings make no cookie.
    public init(_ settings: CSRFSettings = CSRFSettings()) throws {
        self.settings = settings
        trustedOrigins = try TrustedOrigins(settings.trustedOrigins)
        cookie = try PreparedCookie(
            settings.cookieName, path: settings.cookiePath, domain: settings.cookieDomain,
            secure: settings.cookieSecure, httpOnly: settings.cookieHTTPOnly, sameSite: settings.cookieSameSite)
    }

    /// Takes the secret from the cookie; a malformed cookie is replaced.
    public func processRequest(_ request: Request) throws -> Response? {
        guard let cookie = request.cookies[settings.cookieName] else { return nil }
        if (try? CSRF.validate(cookie)) == nil {
            rotateToken(request)
        } else {
            // Before Django 4.0 the cookie was masked.
            request.csrf.secret = CSRF.unmask(cookie) ?? cookie
        }
        return nil
    }

    /// Sets the cookie where a page shows the token, and after a login.
    public func processResponse(_ request: Request, _ response: inout Response) throws -> Pending? {
        guard request.csrf.needsUpdate, let secret = request.csrf.secret else { return nil }
        response.setCookie(cookie.cookie(secret, maxAge: settings.cookieAge))
        response.patchVaryCookie()
        request.csrf.needsUpdate = false
        return nil
    }

    /// - Throws: ``HTTPError/forbidden(reason:)``, and what reading the form throws.
    public func processView(_ request: Request, _ match: ResolverMatch) throws {
        guard !match.csrfExempt, !isSafe(request.method) else { return }
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

    private func isOwn(origin: ArraySlice<UInt8>, _ request: Request) -> Bool {
        guard let host = try? request.host() else { return false }
        return origin.equals("\(request.scheme)://\(host)")
    }

    /// HTTPS without an `Origin`: a network attacker can plant a cookie over HTTP, but cannot forge the page that a browser
    /// comes from.
    private func checkReferer(_ request: Request) throws(HTTPError) {
        guard let referer = request.meta["HTTP_REFERER"] else { throw reject("Referer checking failed - no Referer.") }
        guard let url = SplitURL(referer), !url.scheme.isEmpty, !url.netloc.isEmpty else {
            throw reject("Referer checking failed - Referer is malformed.")
        }
        guard url.scheme == "https" else {
            throw reject("Referer checking failed - Referer is insecure while host is secure.")
        }
        if trustedOrigins.contains(host: url.netloc) { return }
        guard let good = goodReferer(request), HostPattern(good).matches(url.netloc) else {
            throw reject("Referer checking failed - \(text(referer)) does not match any trusted origins.")
        }
    }

    /// The cookie's domain with a port that is not the usual one, else the host that was called.
    private func goodReferer(_ request: Request) -> String? {
        guard let domain = settings.cookieDomain else { return try? request.host() }
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

    /// The secret of the request's own cookie; what `getToken` made meanwhile does not count.
    private func ownSecret(_ request: Request) throws(HTTPError) -> String {
        guard let cookie = request.cookies[settings.cookieName] else { throw reject("CSRF cookie not set.") }
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
