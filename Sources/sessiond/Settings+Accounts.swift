import Accounts
import EventLoop
import Glibc
import Logging
import PasswordHashers
import Sessions
import Web

/// Who is let in at login (`AUTHENTICATION`).
enum AuthenticationMode: String {
    /// The users of Django's `auth_user`, with their passwords.
    case django
    /// Any name with any password: the tutorial's demonstration.
    case any
}

/// Django's settings of `contrib.auth`, and ours for what Django does not have.
extension Settings {
    mutating func readAccounts(_ reader: inout SettingsReader) {
        var mode = authentication.rawValue
        reader.read(
            "AUTHENTICATION", into: &mode,
            "is not known; set django for the users of auth_user, or any for a demonstration on this machine alone"
        ) { AuthenticationMode(rawValue: $0) != nil }
        authentication = AuthenticationMode(rawValue: mode) ?? authentication
        reader.read("AUTHENTICATION_ANY_FORCE", into: &anyForce)
        checkDemonstration(&reader)

        accounts.secretKey = secretKey
        accounts.secretKeyFallbacks = secretKeyFallbacks
        accounts.djangoCompatible = session.djangoCompatible
        reader.read("AUTHENTICATION_BACKENDS", into: &accounts.backends)
        if accounts.backends.isEmpty {
            reader.fail(
                "AUTHENTICATION_BACKENDS",
                "it is empty; name one, such as [\"django.contrib.auth.backends.ModelBackend\"]")
        }
        readHashing(&reader)
        let rule = "is empty; set a path such as /accounts/, or unset it"
        reader.read("LOGIN_URL", into: &accounts.loginURL, rule) { !$0.isEmpty }
        reader.read("LOGIN_REDIRECT_URL", into: &accounts.loginRedirectURL, rule) { !$0.isEmpty }
        reader.read("LOGOUT_REDIRECT_URL", into: &accounts.logoutRedirectURL, rule) { _ in true }
        accounts.logoutAllowsGet = authentication == .any
        reader.read("LOGOUT_ALLOW_GET", into: &accounts.logoutAllowsGet)
    }

    private mutating func readHashing(_ reader: inout SettingsReader) {
        var paths = PasswordHashers.defaultPaths
        reader.read("PASSWORD_HASHERS", into: &paths)
        do throws(UnknownHasherPath) {
            accounts.hashers = try PasswordHashers(paths: paths)
        } catch {
            reader.fail("PASSWORD_HASHERS", "\(error)")
        }
        // One processor stays free for the event loop.
        accounts.hashThreads = max(sysconf(Int32(_SC_NPROCESSORS_ONLN)) - 1, 1)
        reader.read("PASSWORD_HASH_THREADS", into: &accounts.hashThreads, 1...1024, unit: "threads")
        reader.read("PASSWORD_HASH_QUEUE", into: &accounts.hashQueue, 0...100_000, unit: "logins")
    }

    /// Whoever reaches a demonstration is whoever he says: that must be nobody but this machine.
    private func checkDemonstration(_ reader: inout SettingsReader) {
        let here = ["localhost", ".localhost", "127.0.0.1", "[::1]"]
        guard authentication == .any, !anyForce,
            let other = web.allowedHosts.first(where: { !here.contains($0.lowercased()) })
        else { return }
        reader.fail(
            "AUTHENTICATION",
            "any lets everyone in under any name, and ALLOWED_HOSTS has '\(other)'; set django, leave this machine's "
                + "names alone in ALLOWED_HOSTS, or set AUTHENTICATION_ANY_FORCE=True")
    }

    /// What `check --deploy` says of the login.
    var accountChecks: [CheckMessage] {
        if authentication == .any {
            return [
                CheckMessage(
                    .warning, id: "sessiond.W002", "AUTHENTICATION: any lets everyone in under any name.",
                    hint: "Set AUTHENTICATION=django.")
            ]
        }
        guard accounts.logoutAllowsGet else { return [] }
        return [
            CheckMessage(
                .warning, id: "sessiond.W003", "LOGOUT_ALLOW_GET: a link on any page of any site logs its visitor out.",
                hint: "Unset LOGOUT_ALLOW_GET.")
        ]
    }

    /// Django's accounts; nil where anybody may log in. Whatever `SESSION_ENGINE` says they lie in the database.
    @EventLoop
    func makeAccounts(_ site: Site, audit: AuditLog?, logger: Logger) throws -> Accounts? {
        guard authentication == .django else { return nil }
        return try Accounts(
            site.accounts, database: database, limit: .seconds(databaseTimeout), audit: audit, logger: logger)
    }
}
