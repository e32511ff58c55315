import Accounts
import DjangoFormat
import PasswordHashers
import Sessions

/// What a Django project says of itself, and what that means for a worker beside it.
struct DjangoFacts {
    let values: JSONObject
    /// The key of the hashes that secrets are told by.
    let nonce: String

    func compare(with worker: Settings) -> [Finding] {
        [Finding("django", .note("version \(text("django"))"))]
            + [
                secretKey(worker), fallbacks(worker), engine(worker), salt(worker), serializer(), table(worker),
                files(worker), cache(worker),
            ].compactMap(\.self) + cookie(worker) + [timeZone(worker), hasher(worker), middleware()].compactMap(\.self)
    }

    private func text(_ name: JSONString) -> String { values[name]?.string ?? "" }

    private func optional(_ name: JSONString) -> String? {
        values[name]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func digest(_ secret: String) -> String { HMACSHA256(key: nonce.utf8Span.span).hexDigest(of: secret) }

    // MARK: Keys

    private var theirFallbacks: [String] { values["fallbacks"]?.array?.compactMap(\.string) ?? [] }

    private func secretKey(_ worker: Settings) -> Finding {
        let (ours, theirs) = (digest(worker.secretKey), text("key"))
        if ours == theirs { return Finding("secret key") }
        let theyReadUs = theirFallbacks.contains(ours)
        let weReadThem = worker.secretKeyFallbacks.map(digest).contains(theirs)
        if theyReadUs, weReadThem {
            return Finding("secret key", .note("each signs with a key that the other accepts as an older one"))
        }
        let who = theyReadUs ? "the worker cannot read what Django signs" : "Django cannot read what the worker signs"
        return Finding(
            "secret key", .problem("the two differ, and \(who); set SECRET_KEY to the value that the project has"))
    }

    private func fallbacks(_ worker: Settings) -> Finding {
        let ours = Set(([worker.secretKey] + worker.secretKeyFallbacks).map(digest))
        let theirs = Set([text("key")] + theirFallbacks)
        let (missing, surplus) = (theirs.subtracting(ours).count, ours.subtracting(theirs).count)
        if missing == 0, surplus == 0 { return Finding("secret key fallbacks") }
        return Finding(
            "secret key fallbacks",
            .problem(
                "Django accepts \(missing) that the worker does not, the worker \(surplus) that Django does not; "
                    + "set SECRET_KEY_FALLBACKS to the same list on both sides"))
    }

    // MARK: Engine

    private func engine(_ worker: Settings) -> Finding {
        let theirs = text("SESSION_ENGINE")
        guard let base = optional("base_engine") else {
            return Finding(
                "engine",
                .problem("Django's '\(theirs)' is made from none of Django's own engines, and cannot be shared"))
        }
        guard base == worker.engine.rawValue else {
            let stale = base == EngineName.cachedDB.rawValue && worker.engine == .db
            return Finding(
                "engine",
                .problem(
                    "Django has '\(theirs)', the worker '\(worker.engine.rawValue)'"
                        + (stale
                            ? ": Django would go on with what its cache holds of sessions that the worker ended" : "")
                        + "; set SESSION_ENGINE=\(base)"))
        }
        return Finding("engine", theirs == base ? .ok : .note("Django's '\(theirs)' is made from it"))
    }

    private func salt(_ worker: Settings) -> Finding? {
        guard worker.engine != .cache, worker.engine != .signedCookies else { return nil }
        let theirs = text("salt")
        return Finding(
            "salt",
            theirs == worker.salt ? .ok : .problem("Django signs with the salt '\(theirs)'; set SESSION_SALT=\(theirs)")
        )
    }

    private func serializer() -> Finding {
        let theirs = text("SESSION_SERIALIZER")
        let json = "django.contrib.sessions.serializers.JSONSerializer"
        return Finding(
            "serializer",
            [json, "django.core.signing.JSONSerializer"].contains(theirs)
                ? .ok
                : .problem(
                    "Django has '\(theirs)', the worker writes and reads JSON; set SESSION_SERIALIZER to \(json)"))
    }

    private func table(_ worker: Settings) -> Finding? {
        guard worker.engine.hasTable, let theirs = optional("table") else { return nil }
        return Finding(
            "table name",
            theirs == "django_session"
                ? .ok
                : .problem("Django's model has the table '\(theirs)'; give its Meta db_table = 'django_session'"))
    }

    private func files(_ worker: Settings) -> Finding? {
        guard worker.engine == .file else { return nil }
        return equal("file path", "SESSION_FILE_PATH", optional("SESSION_FILE_PATH"), worker.filePath)
    }

    private func cache(_ worker: Settings) -> Finding? {
        guard let ours = worker.caches[JSONString(worker.cacheAlias)]?.object, worker.cache != nil else { return nil }
        let theirs = values["cache"]?.object ?? [:]
        let usual: JSONObject = ["BACKEND": nil, "KEY_PREFIX": "", "VERSION": 1, "KEY_FUNCTION": nil]
        let different = usual.filter { name, value in (ours[name] ?? value) != (theirs[name] ?? value) }.keys
        guard different.isEmpty else {
            let names = different.map { "\($0)" }.sorted().joined(separator: ", ")
            return Finding("cache", .problem("\(names) differ; set CACHES to what the project's CACHES has"))
        }
        return Finding("cache")
    }

    // MARK: Cookie

    private func cookie(_ worker: Settings) -> [Finding] {
        let ours = worker.session
        let same = values["SESSION_COOKIE_SAMESITE"]?.string
        let lesser: [(String, Bool)] = [
            ("SESSION_COOKIE_AGE", values["SESSION_COOKIE_AGE"]?.int == ours.cookieAge),
            ("SESSION_COOKIE_SECURE", values["SESSION_COOKIE_SECURE"]?.bool == ours.cookieSecure),
            ("SESSION_COOKIE_HTTPONLY", values["SESSION_COOKIE_HTTPONLY"]?.bool == ours.cookieHTTPOnly),
            ("SESSION_COOKIE_SAMESITE", same?.lowercased() == ours.cookieSameSite?.rawValue.lowercased()),
            (
                "SESSION_EXPIRE_AT_BROWSER_CLOSE",
                values["SESSION_EXPIRE_AT_BROWSER_CLOSE"]?.bool == ours.expireAtBrowserClose
            ),
        ]
        let different = lesser.filter { !$0.1 }.map(\.0)
        return [
            equal("cookie name", "SESSION_COOKIE_NAME", optional("SESSION_COOKIE_NAME"), ours.cookieName),
            equal("cookie domain", "SESSION_COOKIE_DOMAIN", optional("SESSION_COOKIE_DOMAIN"), ours.cookieDomain),
            equal("cookie path", "SESSION_COOKIE_PATH", optional("SESSION_COOKIE_PATH"), ours.cookiePath),
            Finding(
                "cookie attributes",
                different.isEmpty ? .ok : .note("each side sets its own \(different.joined(separator: ", "))")),
        ]
    }

    private func equal(_ subject: String, _ setting: String, _ theirs: String?, _ ours: String?) -> Finding {
        if theirs == ours { return Finding(subject) }
        func shown(_ text: String?) -> String { text.map { "'\($0)'" } ?? "none" }
        return Finding(
            subject,
            .problem("Django has \(shown(theirs)), the worker \(shown(ours)); set \(setting)=\(theirs ?? "None")"))
    }

    // MARK: The rest

    private func timeZone(_ worker: Settings) -> Finding {
        let theirs = values["USE_TZ"]?.bool ?? true
        guard theirs == worker.session.useTZ else {
            return Finding(
                "time zone",
                .problem(
                    "Django has USE_TZ=\(theirs ? "True" : "False"), the worker the opposite, so dates in sessions mean "
                        + "different moments; set USE_TZ=\(theirs ? "True" : "False")"))
        }
        if theirs { return Finding("time zone") }
        return equal("time zone", "TIME_ZONE", optional("TIME_ZONE"), worker.timeZone)
    }

    private func hasher(_ worker: Settings) -> Finding {
        let theirs = text("hasher")
        guard worker.authentication == .django else {
            return Finding("password hasher", .note("Django's is \(theirs); this worker checks no passwords"))
        }
        let algorithm = theirs.prefix { $0 != "," }
        guard worker.accounts.hashers.accepted.contains(where: { $0.rawValue == algorithm }) else {
            return Finding(
                "password hasher",
                .problem(
                    "Django hashes passwords with \(algorithm), and nobody whose password it has hashed can log in here; "
                        + "add its class to the worker's PASSWORD_HASHERS where it is one of Django's"))
        }
        return Finding("password hasher", .note("Django's is \(theirs)"))
    }

    private func middleware() -> Finding? {
        guard values["middleware"]?.bool == false else { return nil }
        return Finding(
            "middleware",
            .problem(
                "Django has no SessionMiddleware; put django.contrib.sessions.middleware.SessionMiddleware into MIDDLEWARE"
            ))
    }
}
