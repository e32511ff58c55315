import Logging
import Sessions
import Web

/// What happens to accounts, in the same log as what happens to their sessions.
extension AuditLog.Event {
    /// A right name and password. The session that belongs to it is created or cycled when the response is made.
    static let login = Self("login")
    static let logout = Self("logout")
    /// A name and a password that do not belong together, or the account is not active.
    static let loginFailed = Self("login failed", mayFlood: true)
    /// Too many attempts were made; nobody has looked at the password.
    static let loginLimited = Self("login limited", mayFlood: true)
    /// A session was ended from another one of its user's, or by an operator.
    static let ended = Self("session ended")
}

extension AuditLog {
    /// So much of a name is written as Django's column holds.
    private static let longestName = 150

    func note(_ event: Event, _ user: User, session: String?, _ meta: Meta? = nil) {
        note(event, username: user.username, id: user.id, session: session, meta)
    }

    /// - Parameters:
    ///   - username: what was typed, or the user's.
    ///   - meta: of the request, whose network is named.
    func note(_ event: Event, username: String, id: Int64? = nil, session: String? = nil, _ meta: Meta?) {
        let name = String(username.unicodeScalars.prefix(Self.longestName))
        var details: Logger.Metadata = ["user": .string(name)]
        if let id { details["user_id"] = .string(String(id)) }
        if let network = meta?["REMOTE_ADDR"].flatMap(shortAddress) { details["network"] = .string(network) }
        note(event, session: session, details)
    }
}
