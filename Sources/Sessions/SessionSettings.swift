/// Django's `SESSION_*` settings, with Django's defaults.
public struct SessionSettings: Sendable {
    public enum SameSite: String, Sendable {
        case lax = "Lax"
        case strict = "Strict"
        case none = "None"
    }

    public var cookieName = "sessionid"
    /// Seconds.
    public var cookieAge = 1_209_600
    public var cookieDomain: String?
    public var cookieSecure = false
    public var cookiePath = "/"
    public var cookieHTTPOnly = true
    /// nil leaves the attribute out, as Django's `False` does.
    public var cookieSameSite: SameSite? = .lax
    /// `SESSION_COOKIE_PARTITIONED` (CHIPS), which Django does not have yet.
    public var cookiePartitioned = false
    public var saveEveryRequest = false
    public var expireAtBrowserClose = false
    /// `USE_TZ`: dates in `_session_expiry` are UTC; else they are written and read in the local time of the process,
    /// which the environment's `TZ` names.
    public var useTZ = true
    /// Whether clients without a cookie jar may send and get the key in the header `X-Session-Token`.
    public var tokenHeader = false
    /// Whether Django is followed where it is unspecified or unsafe too: a saved session takes the key that a client made
    /// up where it must be new, files with an age of their own never expire, an ended file or a forged cookie becomes a
    /// new empty session, so does an unknown cookie with ``saveEveryRequest`` at each request; a store that fails at an
    /// update counts as a session that was deleted; the cookie that deletes is not `Secure`.
    public var djangoCompatible = false

    public init() {}
}
