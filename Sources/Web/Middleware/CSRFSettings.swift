import Sessions

/// Django's `CSRF_*` settings, with Django's defaults.
public struct CSRFSettings: Sendable {
    public var cookieName = "csrftoken"
    /// Seconds; nil makes a cookie that ends with the browser.
    public var cookieAge: Int? = 31_449_600
    public var cookieDomain: String?
    public var cookiePath = "/"
    public var cookieSecure = false
    public var cookieHTTPOnly = false
    /// nil leaves the attribute out, as Django's `False` does.
    public var cookieSameSite: SameSite? = .lax
    /// `CSRF_COOKIE_PARTITIONED` (CHIPS), which Django does not have yet.
    public var cookiePartitioned = false
    /// `CSRF_USE_SESSIONS`: the secret lies in the session, and there is no cookie of its own.
    public var useSessions = false
    /// As a CGI parameter: `HTTP_X_CSRFTOKEN`.
    public var headerName = "HTTP_X_CSRFTOKEN"
    /// `https://example.com`, or `https://*.example.com` with all its subdomains.
    public var trustedOrigins: [String] = []

    public init() {}
}
