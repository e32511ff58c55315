import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions

/// Slows the guessing of passwords: so many attempts for an account, so many from an address, counted in the database, and
/// so for all workers together.
///
/// Each attempt is counted before anything is hashed, so that many at once cannot slip through. A right password gives its
/// attempt back, and makes the network that it came from one that is known for this user: attempts from there count by
/// themselves, so that nobody elsewhere can lock the user out. A name that nobody has is counted like any other. Where the
/// connection is lost just when the database has counted an attempt, or taken it back, it does so twice.
@EventLoop
public final class LoginLimits {
    /// How long a network stays known after a login, in microseconds.
    private static let knownFor: Int64 = 90 * 86_400 * 1_000_000

    private let client: PostgresClient
    private let hash: SaltedHMAC
    private let logger: Logger
    private let attempts: BatchQueue<LoginAttempt, LoginVerdict>
    private let returned: BatchQueue<Returned, Void>

    private struct Returned: Sendable {
        let login: CountedLogin
        let isKnown: Bool
    }

    /// - Parameters:
    ///   - account: the limit for one account, nil for none; `address`: the one for an address.
    ///   - database: a libpq connection string; empty for the `PG*` variables alone.
    ///   - limit: how long a request waits for the database at most.
    ///   - clock: microseconds since 1970-01-01 UTC.
    /// - Throws: `InvalidConnectionString`.
    public init(
        account: LoginLimit?, address: LoginLimit?, secretKey: String, database: String, limit: Duration,
        logger: Logger, clock: @escaping @Sendable () -> Int64 = SessionEngine.systemTime
    ) throws(InvalidConnectionString) {
        // What a crash of the server could lose are the attempts of its last moments; a login need not wait for the disk.
        let settings = ["synchronous_commit": "off"]
        let client = try PostgresClient(
            database: database, role: "login limits", limit: limit, settings: settings, logger: logger)
        self.client = client
        self.logger = logger
        hash = SaltedHMAC(salt: "sessiond.login_limits", secretKey: secretKey)
        let (byAddress, byAccount) = (address?.interval ?? 0, account?.interval ?? 0)
        attempts = BatchQueue("login limits", client: client, limit: limit) {
            (attempts) async throws(PostgresError) in
            let result = try await client.execute(
                LimitSQL.count,
                [
                    .integerArray(attempts.map(\.address)), .integerArray(attempts.map(\.account)),
                    .integerArray(attempts.map(\.network)), .integer(clock()), .integer(byAddress),
                    .integer(address?.attempts ?? 0), .integer(byAccount), .integer(account?.attempts ?? 0),
                ])
            return attempts.indices.map { row -> LoginVerdict? in
                guard let account = result.integer(row, 0), let wait = result.integer(row, 1) else { return nil }
                let attempt = attempts[row]
                guard wait > 0 else {
                    return .counted(
                        CountedLogin(address: attempt.address, account: account, network: attempt.network))
                }
                return .refused(retryAfter: Int(clamping: (wait - 1) / 1_000_000 + 1))
            }
        }
        returned = BatchQueue("returned limits", client: client, limit: limit) {
            (returned) async throws(PostgresError) in
            let now = clock()
            let known = returned.filter(\.isKnown).map(\.login.network)
            _ = try await client.execute(
                LimitSQL.giveBack,
                [
                    .integerArray(returned.map(\.login.address)), .integerArray(returned.map(\.login.account)),
                    .integer(now), .integer(byAddress), .integer(byAccount), .integerArray(known),
                    .integer(now + Self.knownFor),
                ])
            return returned.map { _ in () }
        }
    }

    /// Makes the connection ahead of the first request.
    public func connect() { client.connectInBackground() }

    public func close() { client.close() }

    /// Counts an attempt, or refuses it.
    ///
    /// - Parameters:
    ///   - user: the name as it is looked up, whether anybody has it or not.
    ///   - address: `REMOTE_ADDR`.
    public func count(user: String, address: String) async throws(SessionStoreError) -> LoginVerdict {
        do throws(PostgresError) {
            return try await attempts.answer(LoginAttempt(user: user, address: address, hash: hash))
        } catch {
            throw .unavailable("\(error)")
        }
    }

    /// Gives an attempt back. Where that fails it stays counted, which is no reason to refuse the login.
    ///
    /// - Parameter isKnown: whether the password was right, so that the network is known from now on; else it was never
    ///   looked at.
    public func giveBack(_ login: CountedLogin, isKnown: Bool) async {
        do throws(PostgresError) {
            try await returned.answer(Returned(login: login, isKnown: isKnown))
        } catch {
            logger.warning("an attempt to log in stays counted", metadata: ["reason": "\(error)"])
        }
    }

    /// Deletes the rows that say nothing any more, in batches; none where the table is not there.
    ///
    /// - Parameters:
    ///   - now: microseconds since 1970-01-01 UTC.
    ///   - goesOn: asked after each batch and its rest, with the number deleted so far.
    /// - Returns: how many were deleted.
    public static func clear(
        _ client: PostgresClient, now: Int64, inBatchesOf size: Int = 10_000, pace: Pace = Pace(),
        goesOn: @EventLoop (Int) -> Bool = { _ in true }
    ) async throws(PostgresError) -> Int {
        let exists = try await client.execute(LimitSQL.exists, deadline: .now + .seconds(5)).integer(0, 0) == 1
        guard exists else { return 0 }
        let parameters: [Parameter] = [.integer(now), .integer(Int64(size))]
        return try await pace.run(inBatchesOf: size, goesOn: goesOn) { () async throws(PostgresError) in
            try await client.execute(LimitSQL.clear, parameters, deadline: .now + .seconds(5)).affected
        }
    }
}
