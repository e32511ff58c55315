import DjangoFormat
import Logging
import Sessions
import Web

/// Makes a user the one whom the request's session belongs to (Django's `login`).
///
/// Another user's session, or one of the same user's from before a password change, ends first. Any other moves to a new
/// key and keeps its data. Django leaves the key to a user who logs in once more, and so does `djangoCompatible`; here who
/// shows his password again also gets rid of whoever knew the old key. The session is saved with the response; until then
/// nothing was acknowledged.
public func login(_ request: Request, _ user: User) async throws(SessionStoreError) {
    let (accounts, session) = (request.accounts, request.session)
    let hash = accounts.authHash.hash(of: user)
    if let present = try await session[SessionKeys.userID] {
        let stored = try await session[SessionKeys.hash]?.string ?? ""
        if primaryKey(present) != user.id || accounts.authHash.match(stored, user) != .current {
            try await session.flush()
        } else if !accounts.settings.djangoCompatible {
            try await session.cycleKey()
        }
    } else {
        try await session.cycleKey()
    }
    try await session.set(SessionKeys.userID, to: .string(JSONString(String(user.id))))
    try await session.set(SessionKeys.backend, to: .string(JSONString(accounts.settings.backends.first ?? "")))
    try await session.set(SessionKeys.hash, to: .string(JSONString(hash)))
    // What the tutorial's views, here and in a Django project beside, know their visitor by.
    try await session.set("username", to: .string(JSONString(user.username)))
    request.authentication.standing = .user(user)
    rotateToken(request)
    accounts.audit?.note(.login, user, session: session.sessionKey, request.meta)
    await recordLogin(request, user)
}

/// Sets `last_login`, as Django's signal does.
///
/// In Django an error there is a 500, and the login is lost with it. Here it is a line in the log: who sent the right
/// password is not kept out because somebody holds the row locked, or because this process may only read it.
private func recordLogin(_ request: Request, _ user: User) async {
    let accounts = request.accounts
    do throws(SessionStoreError) {
        try await accounts.users.setLastLogin(of: user.id, to: request.session.now)
    } catch {
        accounts.logger.warning("last_login was not recorded", metadata: ["user": "\(user.id)", "reason": "\(error)"])
    }
}

/// Ends the request's session, whosever it is (Django's `logout`); whose it was is asked for the record, as Django does for
/// its signal.
public func logout(_ request: Request) async throws(SessionStoreError) {
    let (user, key) = (try await request.user, request.session.sessionKey)
    try await request.session.flush()
    if let user { request.accounts.audit?.note(.logout, user, session: key, request.meta) }
    request.authentication.standing = .anonymous
}
