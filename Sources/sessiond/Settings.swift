import DatabaseSessions
import DjangoFormat
import PostgreSQL
import Sessions
import Web

/// Everything that the environment sets, validated as a whole before anything starts.
struct Settings {
    var session = SessionSettings()
    var csrf = CSRFSettings()
    var security = SecuritySettings()
    var web = WebSettings()
    var secretKey = ""
    var secretKeyFallbacks: [String] = []
    /// A libpq connection string; empty for the `PG*` variables alone.
    var database = ""
    /// Seconds that a request waits for the database.
    var databaseTimeout = 5
    var templatesDirectory: String?

    /// What is right, but hardly meant.
    private(set) var warnings: [String] = []

    /// - Throws: ``Failure`` with a line for each setting that is wrong.
    static func load(_ reader: SettingsReader = SettingsReader()) throws -> Settings {
        var reader = reader
        var settings = Settings()
        settings.readSecrets(&reader)
        settings.readSession(&reader)
        settings.readCSRF(&reader)
        settings.readSecurity(&reader)
        settings.readWeb(&reader)
        guard reader.errors.isEmpty else { throw Failure(reader.errors.joined(separator: "\n")) }
        return settings
    }

    // MARK: Groups

    private mutating func readSecrets(_ reader: inout SettingsReader) {
        secretKey = reader.secret("SECRET_KEY") ?? ""
        if let text = reader.secret("SECRET_KEY_FALLBACKS") {
            if let list = SettingsReader.list(text) {
                secretKeyFallbacks = list
            } else {
                reader.fail("SECRET_KEY_FALLBACKS", "it is no list; set a JSON array of keys, such as [\"older key\"]")
            }
        }
        database = reader.secret("DATABASE_URL") ?? ""
        do throws(InvalidConnectionString) {
            _ = try ConnectionOptions(database)
        } catch {
            reader.fail("DATABASE_URL", "it is \(error)")
        }
        reader.read("DATABASE_TIMEOUT", into: &databaseTimeout, 1...300, unit: "seconds")
    }

    private mutating func readSession(_ reader: inout SettingsReader) {
        var engine = "django.contrib.sessions.backends.db"
        reader.read("SESSION_ENGINE", into: &engine, "is not supported; set \(engine)") { [engine] in $0 == engine }
        reader.readCookie(
            "SESSION_COOKIE", name: &session.cookieName, domain: &session.cookieDomain, path: &session.cookiePath)
        reader.read("SESSION_COOKIE_AGE", into: &session.cookieAge, 1...Settings.longestAge, unit: "seconds")
        reader.read("SESSION_COOKIE_SECURE", into: &session.cookieSecure)
        reader.read("SESSION_COOKIE_HTTPONLY", into: &session.cookieHTTPOnly)
        reader.read("SESSION_COOKIE_SAMESITE", into: &session.cookieSameSite)
        reader.read("SESSION_SAVE_EVERY_REQUEST", into: &session.saveEveryRequest)
        reader.read("SESSION_EXPIRE_AT_BROWSER_CLOSE", into: &session.expireAtBrowserClose)
        if session.cookieSameSite == .some(.none), !session.cookieSecure {
            reader.fail(
                "SESSION_COOKIE_SAMESITE",
                "browsers drop a cookie with None that is not secure; set SESSION_COOKIE_SECURE=True")
        }
    }

    private mutating func readCSRF(_ reader: inout SettingsReader) {
        reader.readCookie("CSRF_COOKIE", name: &csrf.cookieName, domain: &csrf.cookieDomain, path: &csrf.cookiePath)
        reader.read("CSRF_COOKIE_AGE", into: &csrf.cookieAge, 1...Settings.longestAge, unit: "seconds")
        reader.read("CSRF_COOKIE_SECURE", into: &csrf.cookieSecure)
        reader.read("CSRF_COOKIE_HTTPONLY", into: &csrf.cookieHTTPOnly)
        reader.read("CSRF_COOKIE_SAMESITE", into: &csrf.cookieSameSite)
        reader.read("CSRF_HEADER_NAME", into: &csrf.headerName, "is no CGI name; set one like HTTP_X_CSRFTOKEN") {
            $0.hasPrefix("HTTP_")
                && $0.utf8.allSatisfy { ("A"..."Z").contains(Character(Unicode.Scalar($0))) || $0 == 95 }
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

    private mutating func readSecurity(_ reader: inout SettingsReader) {
        let anything = { (_: String) in true }
        reader.read("SECURE_CONTENT_TYPE_NOSNIFF", into: &security.contentTypeNosniff)
        reader.read("SECURE_REFERRER_POLICY", into: &security.referrerPolicy, "", anything)
        reader.read("SECURE_CROSS_ORIGIN_OPENER_POLICY", into: &security.crossOriginOpenerPolicy, "", anything)
        reader.read("X_FRAME_OPTIONS", into: &security.xFrameOptions, "is neither DENY nor SAMEORIGIN; set one of them")
        {
            ["DENY", "SAMEORIGIN"].contains($0)
        }
        reader.read("SECURE_SSL_REDIRECT", into: &security.sslRedirect)
        reader.read("SECURE_SSL_HOST", into: &security.sslHost, "is no host; set a name such as example.com") {
            !$0.contains("/") && !$0.contains(" ")
        }
        reader.read("SECURE_REDIRECT_EXEMPT", into: &security.redirectExempt)
        reader.read("SECURE_HSTS_SECONDS", into: &security.hstsSeconds, 0...Settings.longestAge, unit: "seconds")
        reader.read("SECURE_HSTS_INCLUDE_SUBDOMAINS", into: &security.hstsIncludeSubdomains)
        reader.read("SECURE_HSTS_PRELOAD", into: &security.hstsPreload)
        do throws(BadHeaderError) {
            _ = try SecurityMiddleware(security)
        } catch {
            reader.fail("SECURE_REFERRER_POLICY or SECURE_CROSS_ORIGIN_OPENER_POLICY", "\(error)")
        }
    }

    private mutating func readWeb(_ reader: inout SettingsReader) {
        reader.read("ALLOWED_HOSTS", into: &web.allowedHosts)
        reader.read("APPEND_SLASH", into: &web.appendSlash)
        reader.read("DATA_UPLOAD_MAX_MEMORY_SIZE", into: &web.dataUploadMaxMemorySize, 1...(1 << 30), unit: "bytes")
        reader.read(
            "DATA_UPLOAD_MAX_NUMBER_FIELDS", into: &web.dataUploadMaxNumberFields, 1...1_000_000, unit: "fields")
        reader.read("TEMPLATES_DIR", into: &templatesDirectory, "") { _ in true }
    }

    /// A hundred years: past it a cookie's date has five digits for the year sooner or later.
    private static let longestAge = 3_153_600_000

    // MARK: The key

    /// What Django's check security.W009 asks for.
    var isSecretKeyWeak: Bool {
        secretKey.unicodeScalars.count < 50 || Set(secretKey.unicodeScalars).count < 5
            || secretKey.hasPrefix("django-insecure-")
    }

    /// - Throws: ``Failure`` where sessions signed with the key could be forged.
    func requireSecretKey() throws {
        guard secretKey.unicodeScalars.count >= 32 else {
            throw Failure(
                """
                SECRET_KEY: \(secretKey.isEmpty ? "it is not set" : "it is too short"); set at least 32 characters \
                (Django makes 50), the same as in the Django project, or name a file that holds them in SECRET_KEY_FILE
                """)
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
