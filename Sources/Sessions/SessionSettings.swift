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
    public var saveEveryRequest = false
    public var expireAtBrowserClose = false

    public init() {}
}
