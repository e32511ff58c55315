/// The engines by the dotted names that Django has for them (`SESSION_ENGINE`).
enum EngineName: String, CaseIterable {
    case db = "django.contrib.sessions.backends.db"
    case cachedDB = "django.contrib.sessions.backends.cached_db"
    case cache = "django.contrib.sessions.backends.cache"
    case file = "django.contrib.sessions.backends.file"
    case signedCookies = "django.contrib.sessions.backends.signed_cookies"

    /// Whether a deleted session can still be read by who kept its key, because the key is the data.
    var keepsKeyAfterDeletion: Bool { self == .signedCookies }

    /// Whether sessions lie in `django_session`.
    var hasTable: Bool { self == .db || self == .cachedDB }

    /// Why there is no list of sessions with an engine that has no table.
    var reasonForNoList: String {
        "with SESSION_ENGINE=\(rawValue) nobody knows whose sessions there are; only those of \(Self.db.rawValue) and "
            + "\(Self.cachedDB.rawValue) can be listed"
    }
}
