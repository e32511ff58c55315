import Accounts
import DatabaseSessions

/// How guessing is slowed; Django has nothing of the kind.
extension Settings {
    mutating func readLimits(_ reader: inout SettingsReader) {
        reader.read("LOGIN_LIMIT_ACCOUNT", into: &accounts.limitForAccount, example: "10/15m")
        reader.read("LOGIN_LIMIT_ADDRESS", into: &accounts.limitForAddress, example: "50/15m")
    }

    /// The migrations that the limits need.
    var limitMigrations: [Migration] {
        authentication == .django && accounts.hasLimits ? Migration.loginLimits : []
    }
}

extension SettingsReader {
    fileprivate mutating func read(_ name: String, into value: inout LoginLimit?, example: String) {
        guard let text = text(name) else { return }
        if text == "None" { return value = nil }
        guard let limit = LoginLimit(text) else {
            return fail(
                name,
                "'\(text)' is no number of attempts in a time; set one such as \(example), with s, m, h or d and at most "
                    + "100000 in 30d, or None")
        }
        value = limit
    }
}
