extension Response {
    /// A redirect (Django's `HttpResponseRedirect` and `HttpResponsePermanentRedirect`): 302, or 301 where `permanent`.
    ///
    /// Whatever may not stand in a URL is percent-encoded, line ends too.
    /// - Throws: ``HTTPError/badRequest(_:)`` for a scheme other than http, https and ftp, such as `javascript:`, and for a
    ///   URL of more than 16,384 characters (Django's `DisallowedRedirect`).
    public static func redirect(to url: String, permanent: Bool = false) throws(HTTPError) -> Response {
        guard url.unicodeScalars.count <= 16_384 else {
            throw .badRequest("Unsafe redirect exceeding 16384 characters")
        }
        let scheme = SplitURL.scheme(of: Array(url.utf8)[...])
        guard ["", "http", "https", "ftp"].contains(scheme) else {
            throw .badRequest("Unsafe redirect to URL with protocol '\(scheme)'")
        }
        var response = Response(status: permanent ? 301 : 302)
        response.set(HeaderField(fixed: "Location", iriToURI(url.utf8)))
        return response
    }

    /// The redirect of who has to log in first, and comes back after (Django's `redirect_to_login`).
    /// - Parameters:
    ///   - loginURL: `LOGIN_URL` as a URL. Where it names a host, `next` does too.
    ///   - path: what `next` is to be; nil sends nobody back.
    /// - Throws: ``HTTPError``, also for a host that is not allowed where `next` needs one.
    public static func redirectToLogin(
        _ request: Request, loginURL: String, next path: String?
    ) throws(HTTPError) -> Response {
        guard let path else { return try redirect(to: loginURL) }
        let isHere = loginURL.utf8.first == UInt8(ascii: "/") && !loginURL.utf8.starts(with: "//".utf8)
        let next = isHere ? path : "\(request.scheme)://\(try request.host())\(path)"
        return try redirect(to: adding(next: next, to: loginURL))
    }

    /// The same for who is to come back to the page that was asked for.
    public static func redirectToLogin(_ request: Request, loginURL: String) throws(HTTPError) -> Response {
        try redirectToLogin(request, loginURL: loginURL, next: request.fullPath())
    }
}

/// The URL with `next` in its query, in place of one that was there; its fragment stays the end.
private func adding(next: String, to url: String) -> String {
    let parts = url.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let (address, fragment) = (parts[0], parts.count > 1 ? "#" + parts[1] : "")
    let mark = address.firstIndex(of: "?") ?? address.endIndex
    var pairs = address[mark...].dropFirst().split(separator: "&").filter {
        $0 != "next" && !$0.utf8.starts(with: "next=".utf8)
    }
    pairs.append("next=" + quote(next.utf8, safe: .queryValue))
    return address[..<mark] + "?" + pairs.joined(separator: "&") + fragment
}
