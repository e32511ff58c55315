/// Redirects to HTTPS and sets the security headers (Django's `SecurityMiddleware` and `XFrameOptionsMiddleware`).
public struct SecurityMiddleware: Middleware {
    private let settings: SecuritySettings
    private let headers: [HeaderField]
    private let strictTransportSecurity: HeaderField?

    /// - Throws: ``BadHeaderError`` where a setting is no header value.
    public init(_ settings: SecuritySettings = SecuritySettings()) throws(BadHeaderError) {
        self.settings = settings
        var headers: [HeaderField] = []
        if settings.contentTypeNosniff { headers.append(try HeaderField("X-Content-Type-Options", "nosniff")) }
        if let policy = settings.referrerPolicy { headers.append(try HeaderField("Referrer-Policy", listed(policy))) }
        if let policy = settings.crossOriginOpenerPolicy {
            headers.append(try HeaderField("Cross-Origin-Opener-Policy", policy))
        }
        if let options = settings.xFrameOptions { headers.append(try HeaderField("X-Frame-Options", options)) }
        if let policy = settings.contentSecurityPolicy {
            headers.append(try HeaderField("Content-Security-Policy", policy))
        }
        self.headers = headers
        strictTransportSecurity = settings.hstsSeconds == 0 ? nil : .strictTransportSecurity(settings)
    }

    /// Redirects to HTTPS.
    public func processRequest(_ request: Request) throws -> PendingRequest? {
        guard settings.sslRedirect, !request.isSecure else { return nil }
        let path = request.path.utf8.drop { $0 == UInt8(ascii: "/") }
        guard !settings.redirectExempt.contains(where: { path.starts(with: $0.utf8) }) else { return nil }
        let host = try settings.sslHost ?? request.host()
        let redirect = try Response.redirect(to: "https://\(host)\(request.fullPath())", permanent: true)
        return { redirect }
    }

    /// Sets the headers, unless the view has.
    public func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
        if let strictTransportSecurity, request.isSecure { response.setDefault(strictTransportSecurity) }
        for field in headers { response.setDefault(field) }
        return nil
    }
}

extension HeaderField {
    fileprivate static func strictTransportSecurity(_ settings: SecuritySettings) -> HeaderField {
        let subdomains = settings.hstsIncludeSubdomains ? "; includeSubDomains" : ""
        let preload = settings.hstsPreload ? "; preload" : ""
        return HeaderField(
            fixed: "Strict-Transport-Security", "max-age=\(settings.hstsSeconds)" + subdomains + preload)
    }
}

/// The policies of a list without the blanks around its commas.
private func listed(_ policies: String) -> String {
    Array(policies.utf8)[...].lazySplit(on: UInt8(ascii: ","))
        .map { String(decoding: $0.trimmingBlanks, as: UTF8.self) }.joined(separator: ",")
}
