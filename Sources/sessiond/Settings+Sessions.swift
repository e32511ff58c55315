import DjangoFormat
import Glibc
import Sessions
import Web

/// Django's setting names (section "Sessions" of its reference), and ours for what Django does not have.
extension Settings {
    mutating func readSession(_ reader: inout SettingsReader) {
        readEngine(&reader)
        reader.readCookie(
            "SESSION_COOKIE", name: &session.cookieName, domain: &session.cookieDomain, path: &session.cookiePath)
        reader.read("SESSION_COOKIE_AGE", into: &session.cookieAge, 1...Settings.longestAge, unit: "seconds")
        reader.read("SESSION_COOKIE_SECURE", into: &session.cookieSecure)
        reader.read("SESSION_COOKIE_HTTPONLY", into: &session.cookieHTTPOnly)
        reader.read("SESSION_COOKIE_SAMESITE", into: &session.cookieSameSite)
        reader.read("SESSION_COOKIE_PARTITIONED", into: &session.cookiePartitioned)
        reader.read("SESSION_SAVE_EVERY_REQUEST", into: &session.saveEveryRequest)
        reader.read("SESSION_EXPIRE_AT_BROWSER_CLOSE", into: &session.expireAtBrowserClose)
        reader.read("SESSION_TOKEN_HEADER", into: &session.tokenHeader)
        reader.read("SESSION_DJANGO_COMPATIBLE", into: &session.djangoCompatible)
    }

    private mutating func readEngine(_ reader: inout SettingsReader) {
        let known = EngineName.allCases.map(\.rawValue).joined(separator: ", ")
        var name = engine.rawValue
        reader.read("SESSION_ENGINE", into: &name, "is no engine of Django's; set one of \(known)") {
            EngineName(rawValue: $0) != nil
        }
        engine = EngineName(rawValue: name) ?? engine
        reader.read("SESSION_SALT", into: &salt, "is empty; set \(TimestampSigner.sessionSalt), or unset it") {
            !$0.isEmpty
        }
        let json = "django.contrib.sessions.serializers.JSONSerializer"
        var serializer = json
        reader.read(
            "SESSION_SERIALIZER", into: &serializer,
            "is not supported; set \(json) here and in the Django project (a pickle can run any code)"
        ) { [json, "django.core.signing.JSONSerializer"].contains($0) }
        reader.read("SESSION_FILE_PATH", into: &filePath, "is no absolute path; set one such as /var/lib/sessions") {
            $0.hasPrefix("/")
        }
        reader.read("SESSION_CACHE_ALIAS", into: &cacheAlias, "is empty; set the name of a cache in CACHES") {
            !$0.isEmpty
        }
        reader.read("USE_TZ", into: &session.useTZ)
        reader.read("TIME_ZONE", into: &timeZone, "is no time zone here; set a name such as Europe/Rome") {
            Settings.isTimeZone($0)
        }
    }

    /// As Django asks: whether the system's database has a zone of that name, where there is a database.
    private static func isTimeZone(_ name: String) -> Bool {
        let root = "/usr/share/zoneinfo"
        var status = stat()
        guard !name.isEmpty, !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else { return false }
        guard stat(root, &status) == 0 else { return true }
        return stat("\(root)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Makes `TIME_ZONE` the process's own, as Django does, for dates that are stored without an offset.
    func applyTimeZone() {
        guard !session.useTZ else { return }
        setenv("TZ", timeZone, 1)
        tzset()
    }

    mutating func readCSRF(_ reader: inout SettingsReader) {
        reader.readCookie("CSRF_COOKIE", name: &csrf.cookieName, domain: &csrf.cookieDomain, path: &csrf.cookiePath)
        reader.read("CSRF_COOKIE_AGE", into: &csrf.cookieAge, 1...Settings.longestAge, unit: "seconds")
        reader.read("CSRF_COOKIE_SECURE", into: &csrf.cookieSecure)
        reader.read("CSRF_COOKIE_HTTPONLY", into: &csrf.cookieHTTPOnly)
        reader.read("CSRF_COOKIE_SAMESITE", into: &csrf.cookieSameSite)
        reader.read("CSRF_COOKIE_PARTITIONED", into: &csrf.cookiePartitioned)
        reader.read("CSRF_USE_SESSIONS", into: &csrf.useSessions)
        reader.read("CSRF_HEADER_NAME", into: &csrf.headerName, "is no CGI name; set one like HTTP_X_CSRFTOKEN") {
            SettingsReader.isHeaderParameter($0)
        }
        reader.read("CSRF_TRUSTED_ORIGINS", into: &csrf.trustedOrigins)
        do {
            _ = try CSRFMiddleware(csrf)
        } catch let error as ImproperlyConfigured {
            reader.fail("CSRF_TRUSTED_ORIGINS", "\(error)")
        } catch {
            // A bad name or attribute of the cookie has its own message already.
        }
    }

    /// A cookie that every browser drops would make each login fail for no visible reason.
    func checkCookies(_ reader: inout SettingsReader) {
        for message in cookieChecks(session, csrf) where message.level >= .error {
            let text = message.message.split(separator: ": ", maxSplits: 1).map(String.init)
            let hint = message.hint.map { "; " + $0.prefix(1).lowercased() + $0.dropFirst().dropLast() } ?? ""
            reader.fail(text[0], "\(text.dropFirst().joined())\(hint) (\(message.id))")
        }
    }
}

extension SettingsReader {
    fileprivate mutating func readCookie(
        _ prefix: String, name: inout String, domain: inout String?, path: inout String
    ) {
        read(prefix + "_NAME", into: &name, "is no cookie name; set letters, digits, - and _") {
            (try? SetCookie($0, "")) != nil
        }
        read(prefix + "_DOMAIN", into: &domain, "is no domain; set a name such as example.com") {
            (try? SetCookie("name", "", domain: $0)) != nil
        }
        read(prefix + "_PATH", into: &path, "is no path; set one that begins with /") {
            $0.hasPrefix("/") && (try? SetCookie("name", "", path: $0)) != nil
        }
    }

    fileprivate mutating func read(_ name: String, into value: inout SessionSettings.SameSite?) {
        guard let text = text(name) else { return }
        switch text.lowercased() {
        case "lax": value = .lax
        case "strict": value = .strict
        case "none": value = .some(.none)
        case "false": value = nil
        default: fail(name, "'\(text)' is not known to browsers; set Lax, Strict, None or False")
        }
    }
}
