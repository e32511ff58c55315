import EventLoop
import Glibc
import Logging
import PostgreSQL

/// A connection for a command that runs once.
@EventLoop
func commandClient(_ settings: Settings) throws -> PostgresClient {
    PostgresClient(
        try ConnectionOptions(settings.database, settings: ["jit": "off"]), role: "command",
        statementLimit: .seconds(24 * 3600), logger: quietLogger)
}

/// For commands: what goes wrong is told by the error that they end with.
let quietLogger = {
    var logger = Logger(label: "sessiond")
    logger.logLevel = .critical
    return logger
}()

/// Runs a command on the event loop; an error of the database becomes one line.
func runOnLoop(_ body: @escaping @EventLoop () async throws -> Void) throws {
    nonisolated(unsafe) var failure: (any Error)?
    EventLoop.run {
        do {
            try await body()
        } catch let error as PostgresError {
            failure = Failure("DATABASE_URL: the database refused: \(error)")
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
}

var secondsSince1970: Int { time(nil) }
