/// The `SECURE_*` settings and `X_FRAME_OPTIONS`, with Django's defaults, and a strict content security policy. A header
/// whose setting is nil is not sent.
public struct SecuritySettings: Sendable {
    /// `SECURE_CONTENT_TYPE_NOSNIFF`.
    public var contentTypeNosniff = true
    /// `SECURE_REFERRER_POLICY`; several are separated by commas.
    public var referrerPolicy: String? = "same-origin"
    /// `SECURE_CROSS_ORIGIN_OPENER_POLICY`.
    public var crossOriginOpenerPolicy: String? = "same-origin"
    /// `X_FRAME_OPTIONS`.
    public var xFrameOptions: String? = "DENY"
    /// The `Content-Security-Policy` header: nothing but the server's own styles, images and forms.
    public var contentSecurityPolicy: String? =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    /// `SECURE_SSL_REDIRECT`.
    public var sslRedirect = false
    /// `SECURE_SSL_HOST`: where to redirect to; nil is the host that was called.
    public var sslHost: String?
    /// `SECURE_REDIRECT_EXEMPT`, but as beginnings of paths without the leading slash, not as regular expressions.
    public var redirectExempt: [String] = []
    /// `SECURE_HSTS_SECONDS`; 0 sends no header.
    public var hstsSeconds = 0
    /// `SECURE_HSTS_INCLUDE_SUBDOMAINS`.
    public var hstsIncludeSubdomains = false
    /// `SECURE_HSTS_PRELOAD`.
    public var hstsPreload = false

    public init() {}
}
