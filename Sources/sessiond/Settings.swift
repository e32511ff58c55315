import Accounts
import CacheSessions
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
    var authentication = AuthenticationMode.django
    /// `AUTHENTICATION_ANY_FORCE`.
    var anyForce = false
    var accounts = AccountSettings(secretKey: "")
    var engine = EngineName.db
    /// What signatures are salted with: the qualified name of the engine's class in Django.
    var salt = TimestampSigner.sessionSalt
    /// `SESSION_FILE_PATH`; nil is the system's directory for temporary files.
    var filePath: String?
    var cacheAlias = "default"
    /// All of `CACHES`, and the cache that sessions are kept in.
    var caches: JSONObject = [:]
    var cache: CacheSettings?
    var timeZone = "America/Chicago"
    var log = LogSettings()
    var silencedChecks: [String] = []
    var secretKey = ""
    var secretKeyFallbacks: [String] = []
    /// A libpq connection string; empty for the `PG*` variables alone.
    var database = ""
    /// Seconds that a request waits for the database.
    var databaseTimeout = 5
    var templatesDirectory: String?
    /// Where the workers of this machine count; nil for no metrics.
    var metricsDirectory: String?
    /// Seconds from one removal of expired sessions to the next; nil for none.
    var clearInterval: Int? = 300

    /// - Throws: ``Failure`` with a line for each setting that is wrong.
    static func load(_ reader: SettingsReader = SettingsReader()) throws -> Settings {
        var reader = reader
        var settings = Settings()
        settings.readSecrets(&reader)
        settings.readSession(&reader)
        settings.readCaches(&reader)
        settings.readCSRF(&reader)
        settings.checkCookies(&reader)
        settings.readSecurity(&reader)
        settings.readWeb(&reader)
        settings.readAccounts(&reader)
        settings.readProxies(&reader)
        settings.readLimits(&reader)
        settings.readLog(&reader)
        settings.readClearing(&reader)
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
        reader.read("SILENCED_SYSTEM_CHECKS", into: &silencedChecks)
        reader.read("APPEND_SLASH", into: &web.appendSlash)
        reader.read("DATA_UPLOAD_MAX_MEMORY_SIZE", into: &web.dataUploadMaxMemorySize, 1...(1 << 30), unit: "bytes")
        reader.read(
            "DATA_UPLOAD_MAX_NUMBER_FIELDS", into: &web.dataUploadMaxNumberFields, 1...1_000_000, unit: "fields")
        reader.read("TEMPLATES_DIR", into: &templatesDirectory, "") { _ in true }
        let rule = "is no absolute path; set one such as /run/sessiond/metrics, or None"
        reader.read("METRICS_DIRECTORY", into: &metricsDirectory, rule) { $0.hasPrefix("/") }
    }

    /// A hundred years: past it a cookie's date has five digits for the year sooner or later.
    static let longestAge = 3_153_600_000

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
