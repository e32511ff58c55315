import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions

/// Whose sessions there are: lists those of a user and ends them, Django's own included.
///
/// The table behind it (`sessiond migrate --session-list`) is no more than a hint, some seconds behind. What is listed or
/// ended is first read from where requests find it, and must be of that user. An ended session is deleted there too, as a
/// logout does, so it counts for nobody from the next request on.
@EventLoop
public final class SessionList {
    /// So many sessions of a user are looked at together, those that were seen last before others.
    static let pageSize = 200

    private let engine: SessionEngine
    private let authHash: SessionAuthHash
    private let audit: AuditLog?
    private let keeper: SessionListKeeper
    private let entries: BatchQueue<Int64, [ListedSession]>
    private let hinted: HintedSessions

    /// - Parameters:
    ///   - engine: with Django's database engine, or the cache before it; its sessions are not a visitor's, so it needs no
    ///     audit log of its own.
    ///   - reader: a connection for what requests wait for.
    ///   - codec: reads the table's sessions.
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - limit: how long a request waits for the database at most.
    ///   - audit: hears of the sessions that are ended.
    public init(
        _ engine: SessionEngine, _ settings: AccountSettings, reader: PostgresClient, codec: SessionCodec,
        database: String, limit: Duration = .seconds(5), audit: AuditLog? = nil, logger: Logger
    ) throws(InvalidConnectionString) {
        (self.engine, self.audit) = (engine, audit)
        authHash = SessionAuthHash(secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks)
        keeper = try SessionListKeeper(database: database, codec: codec, limit: limit, logger: logger)
        hinted = HintedSessions(reader: reader, codec: codec, limit: limit)
        let names = SaltedHMAC(salt: "sessiond.SessionList", secretKey: settings.secretKey)
        entries = BatchQueue("session list", client: reader, limit: limit) { (users) async throws(PostgresError) in
            let page = Parameter.integer(Int64(Self.pageSize))
            let result = try await reader.execute(SessionListSQL.sessions, [.integerArray(users), page])
            var sessions: [Int64: [ListedSession]] = [:]
            for row in 0..<result.count {
                guard let user = result.integer(row, 0), let session = ListedSession(result, row: row, names) else {
                    continue
                }
                sessions[user, default: []].append(session)
            }
            return users.map { sessions[$0] ?? [] }
        }
    }

    /// Whether the database has the tables, as far as is known.
    public var isAvailable: Bool { keeper.isAvailable }

    /// Begins to keep the table, beside the requests.
    public func connect() { keeper.start() }

    public func close() { keeper.close() }

    /// The database's session of that key, and the user whom the list has for it: no more than a hint, which counts where
    /// the session says the same.
    ///
    /// - Parameter now: microseconds since 1970-01-01 UTC.
    /// - Returns: nil where no list was found in the database so far, or the server refuses to look.
    public func read(
        _ key: String, now: Int64
    ) async throws(SessionStoreError) -> (session: SessionLookup, user: User?)? {
        keeper.isFound ? try await hinted.read(key, now: now) : nil
    }

    /// Whether a visit with this session is news; then ``add(_:)`` is to follow.
    func counts(_ key: String) -> Bool { keeper.counts(key) }

    /// Tells the list who was here; it is written some seconds later.
    func add(_ visit: SessionVisit) { keeper.add(visit) }

    /// The sessions with which somebody is logged in as this user at this moment, those that were seen last first.
    ///
    /// - Returns: nil where the database has no list.
    public func sessions(of user: User) async throws(SessionStoreError) -> [ListedSession]? {
        guard let page = try await page(of: user) else { return nil }
        return page.filter { $0.isLoggedIn }.map(\.session)
    }

    /// Ends sessions of the user; whatever is not his is left alone.
    public func end(_ sessions: [ListedSession], of user: User) async throws(SessionStoreError) {
        let owned = try await owned(sessions, by: user).map(\.session)
        let (engine, audit) = (engine, audit)
        _ = try await together(owned) { session in
            do throws(SessionStoreError) {
                try await engine.session(nil).delete(session.key)
                audit?.note(.ended, user, session: session.key)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
    }

    /// Ends all sessions of the user, those too with which nobody is logged in any more, such as from before a change of
    /// the password.
    ///
    /// - Parameter key: the session that stays.
    /// - Returns: how many were ended; nil where the database has no list.
    @discardableResult
    public func endAll(of user: User, except key: String? = nil) async throws(SessionStoreError) -> Int? {
        var count = 0
        while true {
            guard let page = try await page(of: user) else { return nil }
            let ended = page.map(\.session).filter { $0.key != key }
            guard !ended.isEmpty else { return count }
            try await end(ended, of: user)
            count += ended.count
        }
    }

    // MARK: Parts

    private struct Owned: Sendable {
        let session: ListedSession
        /// Whether its hash is that of the user's password.
        let isLoggedIn: Bool
    }

    private func page(of user: User) async throws(SessionStoreError) -> [Owned]? {
        await keeper.catchUp()
        guard keeper.isAvailable else { return nil }
        let listed: [ListedSession]
        do throws(PostgresError) {
            listed = try await entries.answer(user.id)
        } catch {
            throw .unavailable("\(error)")
        }
        return try await owned(listed, by: user)
    }

    /// Those that are the user's own, as requests find them.
    private func owned(_ sessions: [ListedSession], by user: User) async throws(SessionStoreError) -> [Owned] {
        let (engine, authHash) = (engine, authHash)
        return try await together(sessions) { listed in
            let session = engine.session(listed.key)
            do throws(SessionStoreError) {
                guard let id = try await session[SessionKeys.userID], primaryKey(id) == user.id else {
                    return .success(Owned?.none)
                }
                let hash = try await session[SessionKeys.hash]?.string
                let isLoggedIn = hash.flatMap { authHash.match($0, user) } != nil
                return .success(Owned(session: listed, isLoggedIn: isLoggedIn))
            } catch {
                return .failure(error)
            }
        }.compactMap(\.self)
    }

    /// Does something with all at once, so that they share statements; the answers are in their order.
    private func together<Answer: Sendable>(
        _ sessions: [ListedSession],
        _ body: @escaping @EventLoop @Sendable (ListedSession) async -> Result<Answer, SessionStoreError>
    ) async throws(SessionStoreError) -> [Answer] {
        var tasks: [Task<Result<Answer, SessionStoreError>, Never>] = []
        for session in sessions {
            tasks.append(Task(executorPreference: EventLoop.shared.executor) { await body(session) })
        }
        var answers: [Answer] = []
        for task in tasks { answers.append(try await task.value.get()) }
        return answers
    }
}
