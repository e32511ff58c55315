import Accounts
import Web

extension Gate {
    /// Sends a visitor to the login page, and from there back (Django's `redirect_to_login`): for the address that nginx names
    /// in `error_page 401`, with `REQUEST_URI` as the visitor sent it. Where `LOGIN_URL` has a host, `next` has one too.
    /// Others than GET and HEAD get the 401: what they sent would be lost on the way.
    func redirectToLogin(_ request: Request) async throws -> Response {
        var response: Response
        if request.method == "GET" || request.method == "HEAD" {
            response = try .redirectToLogin(request, loginURL: accounts.settings.loginURL, next: next(request))
        } else {
            response = plainPage(status: 401)
        }
        response.addNeverCacheHeaders()
        return response
    }

    /// The path that was asked for; nil where it was this page itself.
    private func next(_ request: Request) -> String? {
        let raw = request.meta.string("REQUEST_URI") ?? request.fullPath()
        let path = raw.utf8.first == UInt8(ascii: "/") ? escapeLeadingSlashes(raw) : request.fullPath()
        return path.utf8.starts(with: "/session/login".utf8) ? nil : path
    }
}
