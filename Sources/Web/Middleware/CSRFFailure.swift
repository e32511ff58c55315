/// Why a form was refused, as far as its sender can mend it (what Django's `csrf_failure` tells apart).
public enum CSRFFailure: String, Sendable {
    /// The browser sent no secret.
    case noCookie
    /// By HTTPS, and the browser hides which page the form comes from.
    case noReferer
    /// The form comes from a page of another site, or from one that a proxy made look so.
    case wrongOrigin
    /// The form is older than the secret, or was not filled by this site.
    case wrongToken

    /// - Returns: nil where the error is another one.
    public init?(_ error: HTTPError) {
        guard case .forbidden(let reason) = error else { return nil }
        let words = reason.utf8
        if error == .csrfCookieNotSet {
            self = .noCookie
        } else if error == .csrfNoReferer {
            self = .noReferer
        } else if words.starts(with: "Origin checking ".utf8) || words.starts(with: "Referer checking ".utf8) {
            self = .wrongOrigin
        } else if words.starts(with: "CSRF ".utf8) {
            self = .wrongToken
        } else {
            return nil
        }
    }
}

extension HTTPError {
    /// The CSRF failure of a client that sent no secret at all: where it sent no cookie either, it refuses them.
    public static let csrfCookieNotSet = forbidden(reason: "CSRF cookie not set.")

    static let csrfNoReferer = forbidden(reason: "Referer checking failed - no Referer.")
}
