import Accounts
import Web

/// The site's URLs: the application under `/myapp/`. No page of it may lie in a cache: each shows who is logged in, or
/// holds a token.
private func myapp(_ patterns: [URLPattern]) -> [URLPattern] {
    [path("myapp/", include(patterns + [path("style.css", stylesheet, methods: ["GET"], name: "stylesheet")]))]
}

/// With Django's users.
public func accountURLs(_ settings: AccountSettings) -> [URLPattern] {
    myapp([
        path("connection/", neverCache(accountView), methods: ["GET"], name: "loginform"),
        path("login/", neverCache(accountLogin), methods: ["GET", "POST"], name: "login"),
        path("logout/", neverCache(accountLogout), methods: logoutMethods(settings), name: "logout"),
        path("sessions/", neverCache(sessionsView), methods: ["GET", "POST"], name: "sessions"),
        path("sessions.json", neverCache(sessionsJSON), methods: ["GET", "POST"], name: "sessions_json"),
    ])
}

/// With the tutorial's views, which let anybody in.
/// - Parameter isForced: also where the visitor is not on this machine (`AUTHENTICATION_ANY_FORCE`).
public func demonstrationURLs(_ settings: AccountSettings, isForced: Bool) -> [URLPattern] {
    let views = Demonstration(logoutAllowsGet: settings.logoutAllowsGet)
    let login = isForced ? views.login : onThisMachine(views.login)
    return myapp([
        path("connection/", neverCache(views.formView), methods: ["GET"], name: "loginform"),
        path("login/", neverCache(login), methods: ["GET", "POST"], name: "login"),
        path("logout/", neverCache(views.logout), methods: logoutMethods(settings), name: "logout"),
    ])
}

private func logoutMethods(_ settings: AccountSettings) -> [String] {
    settings.logoutAllowsGet ? ["GET", "POST"] : ["POST"]
}
