import DjangoFormat
import EventLoop
import Logging
import PasswordHashers
import PostgreSQL
import Sessions

/// Django's `contrib.auth` for one process: the users' table, and what the settings make of sessions and passwords.
@EventLoop
public final class Accounts {
    public nonisolated let settings: AccountSettings
    /// The hash that a session of a user holds.
    public nonisolated let authHash: SessionAuthHash
    public nonisolated let users: UserTable
    let passwords: PasswordVerifier
    nonisolated let loginMetrics = LoginMetrics()
    /// nil where guessing is not slowed.
    public nonisolated let limits: LoginLimits?
    public nonisolated let logger: Logger
    nonisolated let audit: AuditLog?
    /// The connections for the statements of requests; `writer` does not wait for rows that others hold locked.
    public nonisolated let reader: PostgresClient
    public nonisolated let writer: PostgresClient
    /// Whose sessions there are; nil with an engine that cannot tell.
    public var sessionList: SessionList?

    private var isClosed = false

    /// - Parameters:
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - limit: how long a request waits for the database at most.
    ///   - audit: hears of logins and logouts.
    /// - Throws: `InvalidConnectionString`.
    public init(
        _ settings: AccountSettings, database: String, limit: Duration = .seconds(5), audit: AuditLog? = nil,
        logger: Logger
    ) throws(InvalidConnectionString) {
        self.settings = settings
        (self.audit, self.logger) = (audit, logger)
        authHash = SessionAuthHash(secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks)
        reader = try PostgresClient(database: database, role: "accounts read", limit: limit, logger: logger)
        writer = try PostgresClient(
            database: database, role: "accounts write", limit: limit,
            settings: ["lock_timeout": PostgresClient.lockTimeout(limit)], logger: logger)
        passwords = PasswordVerifier(
            hashers: settings.hashers, secretKey: settings.secretKey,
            pool: HashPool(threads: settings.hashThreads, waiting: settings.hashQueue), logger: logger)
        limits =
            settings.hasLimits
            ? try LoginLimits(
                account: settings.limitForAccount, address: settings.limitForAddress, secretKey: settings.secretKey,
                database: database, limit: limit, logger: logger) : nil
        users = UserTable(reader: reader, writer: writer, limit: limit)
    }

    /// Makes the connections ahead of the first request.
    public func connect() {
        reader.connectInBackground()
        writer.connectInBackground()
        limits?.connect()
        EventLoop.start { [weak self] in await self?.learnHashers() }
    }

    /// Tells the verifier what the users' passwords cost to check, now and then.
    private func learnHashers() async {
        while !isClosed {
            let sample = try? await users.samplePasswords()
            if let sample { passwords.learn(from: sample) }
            await EventLoop.sleep(for: sample == nil ? .seconds(5) : .seconds(3600))
        }
    }

    public func close() {
        isClosed = true
        reader.close()
        writer.close()
        limits?.close()
    }
}

/// Whose a session is, and what is to become of it.
public enum SessionStanding: Sendable {
    /// Nobody's, or somebody's who is gone or inactive; the session stays as it is.
    case anonymous
    case user(User)
    /// A user's whose session was made with an older secret key: it is to get a new key and the current hash.
    case outdated(User)
    /// A user's whose password is another one now: the session is to end.
    case revoked

    /// Who passes with it.
    public var user: User? {
        switch self {
        case .user(let user), .outdated(let user): user
        case .anonymous, .revoked: nil
        }
    }
}

extension Accounts {
    /// Whose the session is, without any effect on it.
    public nonisolated func standing(of session: Session) async throws(SessionStoreError) -> SessionStanding {
        guard let claim = try await SessionClaim(session, backends: settings.backends),
            let user = try await users.user(id: claim.userID)
        else { return .anonymous }
        return standing(of: claim, user)
    }

    /// What a claim is worth, now that its user was read.
    public nonisolated func standing(of claim: SessionClaim, _ user: User) -> SessionStanding {
        guard user.isActive else { return .anonymous }
        switch claim.hash.flatMap({ authHash.match($0, user) }) {
        case .current: return .user(user)
        case .fallback: return .outdated(user)
        case nil: return .revoked
        }
    }

    /// The same, enforced: a session of another password ends (Django's `get_user`).
    nonisolated func enforcedStanding(of session: Session) async throws(SessionStoreError) -> SessionStanding {
        let standing = try await standing(of: session)
        guard case .revoked = standing else { return standing }
        try await session.flush()
        return .anonymous
    }
}
