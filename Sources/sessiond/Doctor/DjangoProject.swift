import DjangoFormat
import Sessions
import Web

/// A Django project's own Python, with its settings loaded.
final class DjangoProject {
    private let python: PythonProcess
    private let nonce = SessionKey.generate()

    /// - Parameter module: the settings module; nil to give Django the worker's settings.
    /// - Throws: ``Failure`` where Python, Django or the settings cannot be loaded.
    init(_ worker: Settings, module: String?, python: String, project: String) throws {
        self.python = try PythonProcess(
            python, script: String(decoding: PackageResources.django_side_py, as: UTF8.self))
        do {
            _ = try self.python.ask([
                "do": "configure", "project": .string(project), "settings": module.map { .string($0) } ?? nil,
                "database": .string(worker.database), "values": .object(worker.djangoValues),
            ])
        } catch {
            self.python.end()
            throw error
        }
    }

    func end() { python.end() }

    func facts() throws -> DjangoFacts {
        DjangoFacts(values: try python.ask(["do": "facts", "nonce": .string(nonce)]), nonce: nonce)
    }

    /// The data that Django finds under `key`.
    func read(_ key: String) throws -> JSONObject {
        try python.ask(["do": "read", "key": .string(key)])["data"]?.object ?? [:]
    }

    /// Stores these values in the session.
    /// - Returns: its key afterwards.
    func write(_ key: String, _ data: JSONObject) throws -> String? {
        try python.ask(["do": "write", "key": .string(key), "data": .object(data)])["key"]?.string
    }
}

extension Settings {
    /// The settings of sessions, for a Django that has none of its own.
    fileprivate var djangoValues: JSONObject {
        func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? nil }
        return [
            "SECRET_KEY": .string(secretKey), "SECRET_KEY_FALLBACKS": .array(secretKeyFallbacks.map { .string($0) }),
            "SESSION_ENGINE": .string(engine.rawValue), "SESSION_FILE_PATH": optional(filePath),
            "SESSION_CACHE_ALIAS": .string(cacheAlias), "SESSION_COOKIE_NAME": .string(session.cookieName),
            "SESSION_COOKIE_DOMAIN": optional(session.cookieDomain), "SESSION_COOKIE_PATH": .string(session.cookiePath),
            "SESSION_COOKIE_AGE": .int(session.cookieAge), "SESSION_COOKIE_SECURE": .bool(session.cookieSecure),
            "SESSION_COOKIE_HTTPONLY": .bool(session.cookieHTTPOnly),
            "SESSION_COOKIE_SAMESITE": session.cookieSameSite.map { .string($0.rawValue) } ?? false,
            "SESSION_SAVE_EVERY_REQUEST": .bool(session.saveEveryRequest),
            "SESSION_EXPIRE_AT_BROWSER_CLOSE": .bool(session.expireAtBrowserClose),
            "CSRF_COOKIE_NAME": .string(csrf.cookieName), "CSRF_USE_SESSIONS": .bool(csrf.useSessions),
            "USE_TZ": .bool(session.useTZ), "TIME_ZONE": .string(timeZone), "CACHES": .object(caches),
        ]
    }
}
