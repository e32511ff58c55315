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
        if let scheme = SplitURL(Array(url.utf8)[...])?.scheme, !["", "http", "https", "ftp"].contains(scheme) {
            throw .badRequest("Unsafe redirect to URL with protocol '\(scheme)'")
        }
        var response = Response(status: permanent ? 301 : 302)
        response.set(HeaderField(fixed: "Location", iriToURI(url.utf8)))
        return response
    }

    /// The redirect of who has to log in first, and comes back after (Django's `redirect_to_login`).
    /// - Parameter loginURL: `LOGIN_URL` as a URL.
    public static func redirectToLogin(_ request: Request, loginURL: String) throws(HTTPError) -> Response {
        let mark = loginURL.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        return try redirect(to: loginURL + mark + "next=" + quote(request.fullPath().utf8, safe: .queryValue))
    }
}
