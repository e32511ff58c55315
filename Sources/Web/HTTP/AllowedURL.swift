/// The longest URL that is looked at (Django's `MAX_URL_LENGTH`), in code points.
private let longestURL = 2048

/// Whether a browser that is sent to `url` stays on one of these hosts, as far as any browser's reading of it goes (Django's
/// `url_has_allowed_host_and_scheme`). Ask it of every address that came with a request.
///
/// - Parameters:
///   - allowedHosts: host and port as they stand in a URL; a path alone needs none.
///   - requireHTTPS: refuses `http://`, and what has a host but no scheme.
public func urlHasAllowedHostAndScheme(_ url: String?, allowedHosts: [String], requireHTTPS: Bool = false) -> Bool {
    guard let url = url?.pythonStripped, !url.utf8.isEmpty else { return false }
    // Chrome takes \ for / in paths, but before an @ it may be part of a password: both readings must be safe.
    return isAllowed(url, allowedHosts, requireHTTPS)
        && isAllowed(url.replacing(text: "\\", with: "/"), allowedHosts, requireHTTPS)
}

private func isAllowed(_ url: String, _ allowedHosts: [String], _ requireHTTPS: Bool) -> Bool {
    // Chrome takes any number of slashes for the two before a host.
    guard !url.utf8.starts(with: "///".utf8), url.unicodeScalars.count <= longestURL,
        let parts = SplitURL(Array(url.utf8)[...])
    else { return false }
    // http:///example.com has a scheme and no host, until a browser reads it.
    if parts.netloc.isEmpty, !parts.scheme.isEmpty { return false }
    // Browsers drop control characters, and what comes after them is the URL.
    guard let first = url.unicodeScalars.first, !first.isOther else { return false }
    // Without a scheme //example.com keeps that of the page; it counts as the less safe one.
    let scheme = parts.scheme.isEmpty && !parts.netloc.isEmpty ? "http" : parts.scheme
    let isHostAllowed = parts.netloc.isEmpty || allowedHosts.contains { parts.netloc.equals($0) }
    return isHostAllowed && (scheme.isEmpty || scheme == "https" || scheme == "http" && !requireHTTPS)
}

extension Unicode.Scalar {
    /// Whether its category begins with C: control, format, surrogate, private use, unassigned.
    fileprivate var isOther: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
