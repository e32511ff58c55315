/// The settings of this module: Django's, with Django's defaults where nothing else is said.
public struct WebSettings: Sendable {
    /// `ALLOWED_HOSTS`: names, `.example.com` with all its subdomains, or `*`. Without any, only the local machine's own
    /// names are served, as Django does under DEBUG.
    public var allowedHosts: [String] = [] {
        didSet { hosts = AllowedHosts(allowedHosts) }
    }
    private(set) var hosts = AllowedHosts([])
    /// `SECURE_PROXY_SSL_HEADER`: the CGI parameter by which a proxy says how the client came, and the value that means
    /// HTTPS. Only for a proxy that sets or strips it in every request; nil believes none.
    public var secureProxySSLHeader: (name: String, value: String)?
    /// `USE_X_FORWARDED_HOST`: whether `X-Forwarded-Host` takes the place of `Host`.
    public var useXForwardedHost = false
    /// `USE_X_FORWARDED_PORT`: whether `X-Forwarded-Port` takes the place of the server's own port.
    public var useXForwardedPort = false
    /// `APPEND_SLASH`.
    public var appendSlash = true
    /// `DATA_UPLOAD_MAX_MEMORY_SIZE` in bytes; nil sets no limit.
    public var dataUploadMaxMemorySize: Int? = 2_621_440
    /// `DATA_UPLOAD_MAX_NUMBER_FIELDS`; nil sets no limit.
    public var dataUploadMaxNumberFields: Int? = 1000
    /// `DATA_UPLOAD_MAX_NUMBER_FILES`; nil sets no limit.
    public var dataUploadMaxNumberFiles: Int? = 100
    /// What ``render(_:_:_:status:)`` looks in (Django's `TEMPLATES`).
    public var templates = TemplateLibrary.empty

    public init() {}
}
