import Sessions

/// What is wrong with the session's and the CSRF cookie that Django does not check: an error is a cookie that browsers
/// drop, so that no login would ever work; a warning is one that another application takes away.
public func cookieChecks(_ session: SessionSettings, _ csrf: CSRFSettings) -> [CheckMessage] {
    let ofSession = CheckedCookie(
        setting: "SESSION_COOKIE", name: session.cookieName, defaultName: SessionSettings().cookieName,
        domain: session.cookieDomain, path: session.cookiePath, secure: session.cookieSecure,
        sameSite: session.cookieSameSite, partitioned: session.cookiePartitioned)
    let ofCSRF = CheckedCookie(
        setting: "CSRF_COOKIE", name: csrf.cookieName, defaultName: CSRFSettings().cookieName,
        domain: csrf.cookieDomain, path: csrf.cookiePath, secure: csrf.cookieSecure, sameSite: csrf.cookieSameSite,
        partitioned: csrf.cookiePartitioned)
    return ofSession.check() + (csrf.useSessions ? [] : ofCSRF.check())
}

private struct CheckedCookie {
    let setting: String
    let name: String
    let defaultName: String
    let domain: String?
    let path: String
    let secure: Bool
    let sameSite: SameSite?
    let partitioned: Bool

    func check() -> [CheckMessage] {
        var messages: [CheckMessage] = []
        func fail(_ number: String, _ part: String, _ problem: String, _ hint: String) {
            messages.append(
                CheckMessage(.error, id: "sessiond.\(number)", "\(setting)_\(part): \(problem)", hint: "Set \(hint)."))
        }
        // Newer browsers do not look at the case of a prefix.
        let name = self.name.lowercased()
        let isHost = name.hasPrefix("__host-")
        let dropped = "browsers drop a cookie"
        if isHost || name.hasPrefix("__secure-"), !secure {
            fail("E001", "NAME", "\(dropped) of this name that is not Secure", "\(setting)_SECURE=True")
        }
        if isHost, path != "/" {
            fail("E002", "NAME", "\(dropped) of this name with another path", "\(setting)_PATH=/")
        }
        if isHost, domain != nil {
            fail("E003", "NAME", "\(dropped) of this name with a domain", "\(setting)_DOMAIN=None")
        }
        if sameSite == .some(.none), !secure {
            fail("E004", "SAMESITE", "\(dropped) with SameSite=None that is not Secure", "\(setting)_SECURE=True")
        }
        if partitioned, !secure {
            fail("E005", "PARTITIONED", "\(dropped) with Partitioned that is not Secure", "\(setting)_SECURE=True")
        }
        if let domain, self.name == defaultName {
            messages.append(
                CheckMessage(
                    .warning, id: "sessiond.W001",
                    "\(setting)_NAME: every Django application below \(domain) that keeps the default name "
                        + "'\(defaultName)' overwrites this cookie.",
                    hint: "Set another \(setting)_NAME here and in the applications that share these sessions."))
        }
        return messages
    }
}
