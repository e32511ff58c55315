import Accounts
import EventLoop
import Logging
import Sessions

/// `AUTHENTICATION`: who may log in.
enum AuthenticationMode: String {
    /// The accounts of `auth_user`, with their passwords.
    case django
    /// Any name with any password: the tutorial.
    case any
}

/// Django's settings of `contrib.auth`, and ours for what Django does not have.
extension Settings {
    mutating func readAccounts(_ reader: inout SettingsReader) {
        var mode = authentication.rawValue
        reader.read("AUTHENTICATION", into: &mode, "is neither django nor any; set one of them") {
            AuthenticationMode(rawValue: $0) != nil
        }
        authentication = AuthenticationMode(rawValue: mode) ?? authentication
        reader.read("AUTHENTICATION_ANY_FORCE", into: &anyForce)
        accounts.secretKey = secretKey
        accounts.secretKeyFallbacks = secretKeyFallbacks
        accounts.djangoCompatible = session.djangoCompatible
        reader.read("AUTHENTICATION_BACKENDS", into: &accounts.backends)
        if accounts.backends.isEmpty {
            reader.fail(
                "AUTHENTICATION_BACKENDS",
                "it is empty; name one, such as [\"django.contrib.auth.backends.ModelBackend\"]")
        }
    }

    /// Django's accounts; nil where anybody may log in.
    @EventLoop
    func makeAccounts(logger: Logger) throws -> Accounts? {
        guard authentication == .django else { return nil }
        return try Accounts(accounts, database: database, limit: .seconds(databaseTimeout), logger: logger)
    }
}
