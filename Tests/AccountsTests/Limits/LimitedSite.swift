import DatabaseSessions
import EventLoop
import Logging
import TestSupport

@testable import Accounts

/// A database with workers that count attempts to log in there, and a clock of their own.
@EventLoop
struct LimitedSite {
    let database: TestDatabase
    let clock = TestClock()
    let workers: [LoginLimits]

    /// - Parameters:
    ///   - account: as `LOGIN_LIMIT_ACCOUNT`, nil for none; `address`: as `LOGIN_LIMIT_ADDRESS`.
    init(account: String? = "3/3m", address: String? = nil, workers: Int = 1) async throws {
        let (database, clock) = (try await TestDatabase(), clock)
        self.database = database
        for migration in Migration.loginLimits { _ = try await Migrator(client: database.client).apply(migration) }
        self.workers = try (0..<workers).map { _ in
            try LoginLimits(
                account: account.flatMap(LoginLimit.init), address: address.flatMap(LoginLimit.init),
                secretKey: "a secret key", database: database.url, limit: .seconds(5), logger: Logger(label: "test"),
                clock: { clock.now })
        }
    }

    /// An attempt; gives what it counted against, or nil where it was refused.
    @discardableResult
    func count(_ user: String, from address: String, worker: Int = 0) async throws -> CountedLogin? {
        let verdict = try await workers[worker].count(user: user, address: address)
        return if case .counted(let login) = verdict { login } else { nil }
    }

    /// The seconds that a refused attempt is to wait; nil where it was not refused.
    func wait(_ user: String, from address: String) async throws -> Int? {
        guard case .refused(let seconds) = try await workers[0].count(user: user, address: address) else { return nil }
        return seconds
    }

    func logIn(_ user: String, from address: String) async throws {
        guard let login = try await count(user, from: address) else { throw Refused() }
        await workers[0].giveBack(login, isKnown: true)
    }

    struct Refused: Error {}
}
