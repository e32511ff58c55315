import EventLoop
import Logging
import PostgreSQL
import Sessions

/// Django's `auth_user` and its neighbours, which stay Django's own: read, and told of logins. Many requests share one
/// statement.
///
/// Its errors are those of a session's store, because they mean the same to a request: the database is away.
@EventLoop
public final class UserTable {
    private struct Login: Sendable {
        let user: Int64
        let moment: Int64
    }

    private let reader: PostgresClient
    private let byID: BatchQueue<Int64, User?>
    private let byName: BatchQueue<String, User?>
    private let accesses: BatchQueue<Int64, UserAccess?>
    private let logins: BatchQueue<Login, Void>

    /// - Parameters:
    ///   - reader: a connection for reads; `writer`: one for writes, which commits do not keep readers waiting.
    ///   - limit: how long a request waits at most.
    public init(reader: PostgresClient, writer: PostgresClient, limit: Duration) {
        self.reader = reader
        byID = BatchQueue("users by id", client: reader, limit: limit) { (ids) async throws(PostgresError) in
            let result = try await reader.execute(SQL.usersByID, [.integerArray(ids)])
            let users = Dictionary(User.all(in: result).map { ($0.id, $0) }) { first, _ in first }
            return ids.map { .some(users[$0]) }
        }
        byName = BatchQueue("users by name", client: reader, limit: limit) { (names) async throws(PostgresError) in
            let result = try await reader.execute(SQL.usersByName, [.textArray(names)])
            // By their bytes: Swift takes composed and decomposed letters for equal, and the column does not.
            let users = Dictionary(User.all(in: result).map { (Array($0.username.utf8), $0) }) { first, _ in first }
            return names.map { .some(users[Array($0.utf8)]) }
        }
        accesses = BatchQueue("permissions", client: reader, limit: limit) { (ids) async throws(PostgresError) in
            let result = try await reader.execute(SQL.accesses, [.integerArray(ids)])
            let accesses = Dictionary(UserAccess.all(in: result).map { ($0.user.id, $0) }) { first, _ in first }
            return ids.map { .some(accesses[$0]) }
        }
        logins = BatchQueue("last login", client: writer, limit: limit) { (logins) async throws(PostgresError) in
            if logins.count == 1, let login = logins.first {
                // Alone it waits for a row that somebody holds locked.
                let moment = Parameter.timestamp(unixTime: login.moment)
                _ = try await writer.execute(SQL.updateLastLogin, [.integer(login.user), moment])
                return [()]
            }
            let moments = Parameter.timestampArray(unixTimes: logins.map(\.moment))
            let result = try await writer.execute(
                SQL.updateLastLogins, [.integerArray(logins.map(\.user)), moments])
            let written = Set((0..<result.count).map { result.integer($0, 0) })
            return logins.map { written.contains($0.user) ? () : nil }
        }
    }

    /// The account of this id, active or not; nil where there is none.
    public func user(id: Int64) async throws(SessionStoreError) -> User? { try await ask(byID, id) }

    /// The account of exactly this name, which is NFKC already; nil where there is none.
    public func user(named name: String) async throws(SessionStoreError) -> User? {
        // No row has such a name, and the server takes it for malformed text.
        guard !name.utf8.contains(0) else { return nil }
        return try await ask(byName, name)
    }

    /// The account of this id with its groups and permissions; nil where there is none.
    public func access(of id: Int64) async throws(SessionStoreError) -> UserAccess? { try await ask(accesses, id) }

    /// Records a login (Django's `update_last_login`).
    /// - Parameter moment: microseconds since 1970-01-01 UTC.
    public func setLastLogin(of id: Int64, to moment: Int64) async throws(SessionStoreError) {
        try await ask(logins, Login(user: id, moment: moment))
    }

    /// What stands in the column `password` of some users, drawn at random.
    func samplePasswords() async throws(PostgresError) -> [String] {
        let result = try await reader.execute(SQL.samplePasswords)
        return (0..<result.count).compactMap { result.string($0, 0) }
    }

    private func ask<Question, Answer>(
        _ queue: BatchQueue<Question, Answer>, _ question: Question
    ) async throws(SessionStoreError) -> Answer {
        do throws(PostgresError) {
            return try await queue.answer(question)
        } catch {
            throw .unavailable("\(error)")
        }
    }
}

extension User {
    fileprivate static func all(in result: PostgresResult) -> [User] {
        (0..<result.count).compactMap { User(result, row: $0) }
    }

    /// ``SQL/columns`` from one on; nil where there is none.
    init?(_ result: PostgresResult, row: Int, from first: Int = 0) {
        guard let id = result.integer(row, first), let username = result.string(row, first + 1),
            let password = result.string(row, first + 2)
        else { return nil }
        self.init(
            id: id, username: username, password: password, isActive: result.integer(row, first + 3) == 1,
            isStaff: result.integer(row, first + 4) == 1, isSuperuser: result.integer(row, first + 5) == 1,
            lastLogin: result.integer(row, first + 6).map(PostgresTime.unixTime))
    }
}

extension UserAccess {
    fileprivate static func all(in result: PostgresResult) -> [UserAccess] {
        (0..<result.count).compactMap { row in
            guard let user = User(result, row: row), let groups = result.strings(row, 7),
                let permissions = result.strings(row, 8)
            else { return nil }
            return UserAccess(user: user, groups: groups, permissions: permissions)
        }
    }
}
