import Sessions

/// A request as a view sees it (Django's `HttpRequest`).
///
/// Making one costs little: cookies and forms are read when they are asked for.
public final class Request {
    /// In capitals: `GET`.
    public let method: String
    /// The decoded path, `/myapp/connection/`. Bytes that are no UTF-8 stand in it percent-encoded.
    public let path: String
    /// The CGI parameters (Django's `META`).
    public let meta: Meta
    public let settings: WebSettings
    public let cookies: Cookies
    /// Where the path led to; nil until the URL patterns were asked.
    public internal(set) var resolverMatch: ResolverMatch?
    /// Where it is counted; nil where no view was found for it.
    package internal(set) var viewMetrics: ViewMetrics?
    /// What layers of other modules know of the request.
    public var attributes = RequestAttributes()

    var csrf = CSRFState()
    /// Whether the client keeps its session by the token header, and so has no use for cookies.
    var isTokenClient = false
    /// Why the request is answered with an error whatever it asks for.
    let refusal: HTTPError?
    private let content: Result<[UInt8], HTTPError>
    private var storedSession: Session?

    /// - Parameters:
    ///   - meta: as nginx sends them; `DOCUMENT_URI`, else `SCRIPT_NAME` and `PATH_INFO`, is the path, decoded already.
    ///   - body: all of it, or the error that reading it will throw, such as ``HTTPError/contentTooLarge``.
    ///   - refusal: the error that it gets in place of a view, such as ``HTTPError/headersTooLarge``.
    public init(
        meta: Meta, body: Result<[UInt8], HTTPError> = .success([]), refusal: HTTPError? = nil,
        settings: WebSettings = WebSettings()
    ) {
        self.refusal = refusal
        self.meta = meta
        self.settings = settings
        method = String(decoding: (meta["REQUEST_METHOD"] ?? []).asciiUppercased, as: UTF8.self)
        path = decodedPath(meta)
        cookies = Cookies(header: meta.cookieHeader)
        content = body
    }

    /// The visitor's session, which the session middleware sets before a view is called.
    public var session: Session {
        get {
            guard let storedSession else {
                preconditionFailure("request.session is used, but SessionMiddleware is not among the middleware")
            }
            return storedSession
        }
        set { storedSession = newValue }
    }

    /// Whether the client came by HTTPS: by the header that `SECURE_PROXY_SSL_HEADER` names where the proxy has sent it, else
    /// by the parameter `HTTPS` (Django's `is_secure`).
    public var isSecure: Bool {
        if let (name, secureValue) = settings.secureProxySSLHeader, let value = meta[name] {
            // Of several proxies in a row the first saw the client.
            return value.cut(at: UInt8(ascii: ",")).0.trimmingBlanks.equals(secureValue)
        }
        return meta["HTTPS"].map { $0.equals("on") || $0.equals("1") } ?? false
    }

    /// `https` or `http`.
    public var scheme: String { isSecure ? "https" : "http" }

    /// The path and the query string, encoded as a URL has them (Django's `get_full_path`).
    public func fullPath(appendingSlash: Bool = false) -> String {
        let slash = appendingSlash && path.utf8.last != UInt8(ascii: "/") ? "/" : ""
        let query = meta["QUERY_STRING"].map { $0.isEmpty ? "" : "?" + iriToURI($0) } ?? ""
        return quote(path.utf8, safe: .path) + slash + query
    }

    /// The host and port that the client called, checked against `ALLOWED_HOSTS` (Django's `get_host`).
    /// - Throws: ``HTTPError/badRequest(_:)`` (Django's `DisallowedHost`).
    public func host() throws(HTTPError) -> String { try hostResult.get() }

    /// The port of the server that the client called, or with `USE_X_FORWARDED_PORT` the one that a proxy names (Django's
    /// `get_port`).
    public var port: String {
        if settings.useXForwardedPort, let port = meta.string("HTTP_X_FORWARDED_PORT") { return port }
        return meta.string("SERVER_PORT") ?? (isSecure ? "443" : "80")
    }

    /// The request's body.
    /// - Throws: ``HTTPError`` where it was refused, or is longer than `DATA_UPLOAD_MAX_MEMORY_SIZE`.
    public func body() throws(HTTPError) -> [UInt8] {
        let body = try content.get()
        if let limit = settings.dataUploadMaxMemorySize, body.count > limit { throw .contentTooLarge }
        return body
    }

    /// The fields of the query string (Django's `GET`).
    /// - Throws: ``HTTPError/badRequest(_:)`` where there are more than `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
    public func get() throws(HTTPError) -> QueryDict { try getResult.get() }

    /// The fields of the form that was posted, urlencoded or multipart, empty for any other request (Django's `POST`).
    /// Uploaded files are left out.
    /// - Throws: ``HTTPError/badRequest(_:)`` where the form is malformed or has too many fields,
    ///   ``HTTPError/contentTooLarge``.
    public func post() throws(HTTPError) -> QueryDict { try postResult.get() }

    private lazy var hostResult = Result { () throws(HTTPError) in try readHost() }
    private lazy var getResult = Result { () throws(HTTPError) in
        try QueryDict(urlEncoded: meta["QUERY_STRING"] ?? [], maxFields: settings.dataUploadMaxNumberFields)
    }
    private lazy var postResult = Result { () throws(HTTPError) in try readForm() }

    private func readHost() throws(HTTPError) -> String {
        let forwarded = settings.useXForwardedHost ? meta["HTTP_X_FORWARDED_HOST"] : nil
        let host = forwarded ?? meta["HTTP_HOST"] ?? serverHost()
        let text = String(decoding: host, as: UTF8.self)
        guard let domain = AllowedHosts.domain(of: host) else {
            throw .badRequest(
                "Invalid HTTP_HOST header: '\(text)'. The domain name provided is not valid according to "
                    + "RFC 1034/1035.")
        }
        guard settings.hosts.contains(domain: domain) else {
            let name = String(decoding: domain, as: UTF8.self)
            throw .badRequest(
                "Invalid HTTP_HOST header: '\(text)'. You may need to add '\(name)' to ALLOWED_HOSTS.")
        }
        return text
    }

    private func serverHost() -> ArraySlice<UInt8> {
        var host = meta["SERVER_NAME"] ?? []
        if port != (isSecure ? "443" : "80") { host.append(contentsOf: ":\(port)".utf8) }
        return host
    }

    private func readForm() throws(HTTPError) -> QueryDict {
        guard method == "POST" else { return QueryDict() }
        let contentType = HeaderParameters(meta["CONTENT_TYPE"] ?? [])
        guard contentType.isForm else { return QueryDict() }
        if let charset = contentType["charset"], !charset.isNameOfUTF8 {
            throw .badRequest("HTTP requests with a form must be UTF-8 encoded.")
        }
        guard contentType.value == "multipart/form-data" else {
            return try QueryDict(urlEncoded: body()[...], maxFields: settings.dataUploadMaxNumberFields)
        }
        return try MultiPartParser(boundary: contentType["boundary"] ?? [], settings: settings).parse(body())
    }
}

extension HeaderParameters {
    fileprivate var isForm: Bool {
        value == "application/x-www-form-urlencoded" || value == "multipart/form-data"
    }
}

extension [UInt8] {
    fileprivate var isNameOfUTF8: Bool {
        let name = self[...].asciiLowercased
        return name.elementsEqual("utf-8".utf8) || name.elementsEqual("utf8".utf8)
    }
}
