import Web

/// The application's templates by name, as they are embedded in the program.
public let templates: [String: String] = [
    "base.html": PackageResources.base_html,
    "cookies_needed.html": PackageResources.cookies_needed_html,
    "demonstration_only.html": PackageResources.demonstration_only_html,
    "error_400.html": PackageResources.error_400_html,
    "error_403.html": PackageResources.error_403_html,
    "error_404.html": PackageResources.error_404_html,
    "error_405.html": PackageResources.error_405_html,
    "error_413.html": PackageResources.error_413_html,
    "error_429.html": PackageResources.error_429_html,
    "error_431.html": PackageResources.error_431_html,
    "error_500.html": PackageResources.error_500_html,
    "error_503.html": PackageResources.error_503_html,
    "loggedin.html": PackageResources.loggedin_html,
    "loggedout.html": PackageResources.loggedout_html,
    "login.html": PackageResources.login_html,
    "sessions.html": PackageResources.sessions_html,
    "registration/logged_in.html": PackageResources.registration_logged_in_html,
    "registration/logged_out.html": PackageResources.loggedout_html,
    "registration/login.html": PackageResources.registration_login_html,
].mapValues { String(decoding: $0, as: UTF8.self) }

/// The page of an error: the template `error_STATUS.html`, or for a browser that refuses cookies the one that tells how to
/// allow them.
public func errorPage(_ error: HTTPError, _ request: Request) -> Response {
    let failure = CSRFFailure(error)
    let refusesCookies = failure == .noCookie && request.cookies.all.isEmpty
    let template = refusesCookies ? "cookies_needed.html" : "error_\(error.status).html"
    var context: TemplateContext = [:]
    if error.status >= 500, let id = request.id { context["request_id"] = .string(id) }
    if let failure { context["csrf_failure"] = .string(failure.rawValue) }
    if case .tooManyRequests(let seconds) = error { context["retry_after"] = .int(seconds) }
    return (try? render(request, template, context)) ?? plainErrorPage(error, request)
}
