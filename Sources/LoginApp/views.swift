import DjangoFormat
import Sessions
import Web

/// The tutorial's views, which let in whoever sends a name.
struct Demonstration: Sendable {
    /// The page with a link that logs out, or with a form.
    private let loggedInTemplate: String

    init(logoutAllowsGet: Bool) { loggedInTemplate = logoutAllowsGet ? "loggedin.html" : "registration/logged_in.html" }

    /// The form, or for a visitor who is logged in the page behind it (the tutorial's `formView`).
    func formView(_ request: Request) async throws -> Response {
        guard let username = try await request.session["username"] else {
            return try render(request, "login.html", ["form": TemplateValue(loginForm())])
        }
        return try loggedInPage(request, TemplateValue(username))
    }

    /// Logs in whoever sends a name and any password (the tutorial's `login`).
    ///
    /// The session key changes, so that a key which somebody else knew before the login is worth nothing after it; a session
    /// of another user is ended first.
    func login(_ request: Request) async throws -> Response {
        let form = loginForm(try request.post())
        guard request.method == "POST", form.isValid, let username = form.cleanedData["username"] else {
            return try render(request, "loggedin.html", ["username": "not logged in"])
        }
        let name = JSONValue.string(JSONString(username))
        if let present = try await request.session["username"], present != name {
            try await request.session.flush()
        } else {
            try await request.session.cycleKey()
        }
        try await request.session.set("username", to: name)
        rotateToken(request)
        return try loggedInPage(request, .string(username))
    }

    private func loggedInPage(_ request: Request, _ username: TemplateValue) throws -> Response {
        // A visitor may well call himself "not logged in".
        try render(request, loggedInTemplate, ["username": username, "is_logged_in": true])
    }

    /// Ends the session (the tutorial's `logout`).
    func logout(_ request: Request) async throws -> Response {
        try await request.session.flush()
        return try render(request, "loggedout.html")
    }
}

/// The pages' style sheet, which the content security policy does not let them hold themselves.
func stylesheet(_ request: Request) async throws -> Response {
    var response = try Response(PackageResources.style_css, contentType: "text/css; charset=utf-8")
    try response.setHeader("Cache-Control", "public, max-age=3600")
    return response
}
