import Accounts
import Web

/// The form, or for a user who is logged in the page behind it.
func accountView(_ request: Request) async throws -> Response {
    guard let user = try await request.user else { return try loginPage(request, accountForm(), next: "") }
    let context: TemplateContext = [
        "username": .string(user.username), "is_logged_in": true,
        "has_session_list": .bool(await request.accounts.sessionList?.isAvailable ?? false),
    ]
    return try render(request, "registration/logged_in.html", context)
}

/// Django's `LoginView`: shows the form, and logs in whoever sends the password of a user.
func accountLogin(_ request: Request) async throws -> Response {
    let next = try redirectTarget(request)
    guard request.method == "POST" else { return try loginPage(request, accountForm(), next: next ?? "") }
    var form = accountForm(try request.post())
    if form.isValid, let username = form.cleanedData["username"], let password = form.cleanedData["password"] {
        if let user = try await authenticate(request, username: username, password: password) {
            try await login(request, user)
            return try .redirect(to: next ?? request.accounts.settings.loginRedirectURL)
        }
        form.addError(nil, invalidLogin)
    }
    return try loginPage(request, form, next: next ?? "")
}

/// Django's `LogoutView`: ends the session, then leads to `next`, to `LOGOUT_REDIRECT_URL`, or says goodbye.
func accountLogout(_ request: Request) async throws -> Response {
    try await logout(request)
    if let target = try redirectTarget(request) ?? request.accounts.settings.logoutRedirectURL,
        target != request.fullPath()
    {
        return try .redirect(to: target)
    }
    return try render(request, "registration/logged_out.html")
}

private func loginPage(_ request: Request, _ form: Form, next: String) throws -> Response {
    try render(request, "registration/login.html", ["form": TemplateValue(form), "next": .string(next)])
}

/// `next` of the form, else of the query string, where a browser may be sent there (Django's `get_redirect_url`).
private func redirectTarget(_ request: Request) throws -> String? {
    guard let next = try request.post()["next"] ?? request.get()["next"],
        urlHasAllowedHostAndScheme(next, allowedHosts: [try request.host()], requireHTTPS: request.isSecure)
    else { return nil }
    return next
}
