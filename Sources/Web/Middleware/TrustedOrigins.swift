/// The origins that `CSRF_TRUSTED_ORIGINS` names.
struct TrustedOrigins: Sendable {
    private let exact: [String]
    /// Scheme and `.example.com` of the entries with a star.
    private let subdomains: [(scheme: String, pattern: HostPattern)]
    /// The hosts of all entries, for the Referer check, which looks at no scheme but https.
    private let hosts: [HostPattern]

    /// - Throws: ``ImproperlyConfigured`` for an entry without scheme and host.
    init(_ origins: [String]) throws(ImproperlyConfigured) {
        var exact: [String] = []
        var subdomains: [(String, HostPattern)] = []
        var hosts: [HostPattern] = []
        for origin in origins {
            guard let url = SplitURL(Array(origin.utf8)[...]), !url.scheme.isEmpty, !url.netloc.isEmpty else {
                throw ImproperlyConfigured(
                    "The values in the CSRF_TRUSTED_ORIGINS setting must start with a scheme (usually http:// or "
                        + "https://) but found \(origin).")
            }
            let host = HostPattern(String(decoding: url.netloc.drop { $0 == UInt8(ascii: "*") }, as: UTF8.self))
            hosts.append(host)
            if origin.utf8.contains(UInt8(ascii: "*")) {
                subdomains.append((url.scheme, host))
            } else {
                exact.append(origin)
            }
        }
        (self.exact, self.subdomains, self.hosts) = (exact, subdomains, hosts)
    }

    func contains(origin: ArraySlice<UInt8>) -> Bool {
        if exact.contains(where: origin.equals) { return true }
        guard let url = SplitURL(origin) else { return false }
        return subdomains.contains { $0.scheme == url.scheme && $0.pattern.matches(url.netloc) }
    }

    func contains(host: ArraySlice<UInt8>) -> Bool {
        hosts.contains { $0.matches(host) }
    }
}
