import DjangoFormat
import Sessions
import Web

/// What the page shows in place of a name (the tutorial's words).
private let nobody: TemplateValue = "not logged in"

/// The form, or for a visitor who is logged in the page behind it (the tutorial's `formView`).
func formView(_ request: Request) async throws -> Response {
    guard let username = try await request.session["username"] else {
        return try render(request, "login.html", ["form": .object(loginForm())])
    }
    return try render(request, "loggedin.html", ["username": TemplateValue(username)])
}

/// Logs in whoever sends a name and any password (the tutorial's `login`).
///
/// The session key changes, so that a key which somebody else knew before the login is worth nothing after it; a session
/// of another user is ended first.
func login(_ request: Request) async throws -> Response {
    let form = loginForm(try request.post())
    guard request.method == "POST", form.isValid, let username = form.cleanedData["username"] else {
        return try render(request, "loggedin.html", ["username": nobody])
    }
    let name = JSONValue.string(JSONString(username))
    if let present = try await request.session["username"], present != name {
        try await request.session.flush()
    } else {
        try await request.session.cycleKey()
    }
    try await request.session.set("username", to: name)
    rotateToken(request)
    return try render(request, "loggedin.html", ["username": .string(username)])
}

/// Ends the session (the tutorial's `logout`).
func logout(_ request: Request) async throws -> Response {
    try await request.session.flush()
    return try render(request, "loggedout.html")
}

/// The pages' style sheet, which the content security policy does not let them hold themselves.
func stylesheet(_ request: Request) async throws -> Response {
    var response = try Response(PackageResources.style_css, contentType: "text/css; charset=utf-8")
    try response.setHeader("Cache-Control", "public, max-age=3600")
    return response
}
