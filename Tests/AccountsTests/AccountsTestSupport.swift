import DatabaseSessions
import DjangoFormat
import EventLoop
import Glibc
import Logging
import PostgreSQL
import Sessions
import TestSupport
import Testing
import Web

@testable import Accounts

/// Django's tables of accounts and sessions in a schema of their own, and what works on them here.
@EventLoop
final class TestSite {
    let database: TestDatabase
    let engine: SessionEngine
    let accounts: Accounts
    private let store: DatabaseStore

    init(changing change: (inout AccountSettings) -> Void = { _ in }) async throws {
        database = try await TestDatabase()
        try await database.run(try await Self.authTables())
        store = try database.store()
        engine = SessionEngine(store: store, codec: testCodec())
        accounts = try Self.makeAccounts(database, change)
    }

    func close() {
        accounts.close()
        store.close()
    }

    /// The accounts under other settings, as of another process.
    func accounts(changing change: (inout AccountSettings) -> Void) throws -> Accounts {
        try Self.makeAccounts(database, change)
    }

    private static func makeAccounts(
        _ database: TestDatabase, _ change: (inout AccountSettings) -> Void
    ) throws -> Accounts {
        var settings = AccountSettings(secretKey: testSecretKey)
        change(&settings)
        return try Accounts(settings, database: database.url, logger: Logger(label: "test"))
    }

    /// A request with the session of this key, behind the middleware.
    func request(_ key: String? = nil, _ accounts: Accounts? = nil) throws -> Request {
        let request = Request(meta: Meta())
        request.session = engine.session(key)
        _ = try AuthenticationMiddleware(accounts ?? self.accounts).processRequest(request)
        return request
    }

    /// What the middleware does with the response; returns the response.
    @discardableResult
    func respond(_ request: Request, _ accounts: Accounts, status: Int = 200) async throws -> Response {
        var response = Response("", status: status)
        try await AuthenticationMiddleware(accounts).processResponse(request, &response)?(&response)
        try await SessionMiddleware(engine).processResponse(request, &response)?(&response)
        return response
    }

    /// The key of a session in which the user has logged in.
    func loggedIn(_ user: User, from key: String? = nil, _ accounts: Accounts? = nil) async throws -> String {
        let request = try request(key, accounts)
        try await login(request, user)
        try await request.session.save()
        return try #require(request.session.sessionKey)
    }

    @discardableResult
    func createUser(
        _ name: String, password: String = "pbkdf2_sha256$10$salt$one", isActive: Bool = true, isStaff: Bool = false,
        isSuperuser: Bool = false
    ) async throws -> User {
        let sql = Statement(
            """
            INSERT INTO auth_user (username, password, is_active, is_staff, is_superuser, first_name, last_name, email, \
            date_joined) VALUES ($1, $2, $3, $4, $5, '', '', '', now()) RETURNING id
            """)
        let parameters: [Parameter] = [
            .text(name), .text(password), .boolean(isActive), .boolean(isStaff), .boolean(isSuperuser),
        ]
        let result = try await database.client.execute(sql, parameters, deadline: .now + .seconds(60))
        return try await user(try #require(result.integer(0, 0)))
    }

    func user(_ id: Int64) async throws -> User {
        let user = try await accounts.users.user(id: id)
        return try #require(user)
    }

    /// What Django's own migrations run, asked once: as one statement, because a connection takes one at a time.
    private static func authTables() async throws -> String {
        if let statements { return statements }
        let python = try #require(getenv("SESSIOND_TEST_PYTHON").map { String(cString: $0) })
        let script =
            #filePath.dropLast("AccountsTests/AccountsTestSupport.swift".count) + "Parity/auth_tables.py"
        let line = try await TestProcess([python, String(script)]).readLine()
        let texts = try JSON.decode(try #require(line)).array?.compactMap(\.string) ?? []
        let all = "DO $auth$ BEGIN \(texts.joined(separator: " ")) END $auth$"
        statements = all
        return all
    }
    private static var statements: String?
}

/// A site for the time of a test.
func onSite(
    changing change: @escaping @Sendable (inout AccountSettings) -> Void = { _ in },
    _ body: @escaping @EventLoop @Sendable (TestSite) async throws -> Void
) async throws {
    try await onLoop {
        let site = try await TestSite(changing: change)
        defer { site.close() }
        try await body(site)
    }
}
