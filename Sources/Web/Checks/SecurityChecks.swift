import Sessions

/// What an application is made of, as far as these checks ask.
public struct CheckedParts: Sendable {
    /// Whether sessions have a table (`django.contrib.sessions` in Django's `INSTALLED_APPS`).
    public var sessionTable = true
    public var sessionMiddleware = true
    public var csrfMiddleware = true

    public init() {}
}

/// Django's deployment checks of sessions and CSRF (security.W003, W010 to W016), in its words.
public func securityChecks(
    _ session: SessionSettings, _ csrf: CSRFSettings, _ parts: CheckedParts = CheckedParts()
) -> [CheckMessage] {
    var messages: [CheckMessage] = []
    func warn(_ number: String, _ message: String) {
        messages.append(CheckMessage(.warning, id: "security.\(number)", message))
    }
    func warn(_ numbers: [String], of setting: String, _ because: String) {
        switch (parts.sessionTable, parts.sessionMiddleware) {
        case (true, true): warn(numbers[2], "\(setting) is not set to True. \(because)")
        case (true, false):
            warn(
                numbers[0],
                "You have 'django.contrib.sessions' in your INSTALLED_APPS, but you have not set \(setting) to True. "
                    + because)
        case (false, true):
            warn(
                numbers[1],
                "You have 'django.contrib.sessions.middleware.SessionMiddleware' in your MIDDLEWARE, "
                    + "but you have not set \(setting) to True. " + because)
        case (false, false): break
        }
    }
    if !parts.csrfMiddleware {
        warn(
            "W003",
            "You don't appear to be using Django's built-in cross-site request forgery protection via the middleware "
                + "('django.middleware.csrf.CsrfViewMiddleware' is not in your MIDDLEWARE). Enabling the middleware is "
                + "the safest approach to ensure you don't leave any holes.")
    }
    if !session.cookieSecure {
        warn(
            ["W010", "W011", "W012"], of: "SESSION_COOKIE_SECURE",
            "Using a secure-only session cookie makes it more difficult for network traffic sniffers to hijack user "
                + "sessions.")
    }
    if !session.cookieHTTPOnly {
        warn(
            ["W013", "W014", "W015"], of: "SESSION_COOKIE_HTTPONLY",
            "Using an HttpOnly session cookie makes it more difficult for cross-site scripting attacks to hijack user "
                + "sessions.")
    }
    if parts.csrfMiddleware, !csrf.useSessions, !csrf.cookieSecure {
        warn(
            "W016",
            "You have 'django.middleware.csrf.CsrfViewMiddleware' in your MIDDLEWARE, but you have not set "
                + "CSRF_COOKIE_SECURE to True. Using a secure-only CSRF cookie makes it more difficult for network "
                + "traffic sniffers to steal the CSRF token.")
    }
    return messages
}
