import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions

/// The engine that `SESSION_ENGINE` names, with its connections.
@EventLoop
final class Engine {
    let sessions: SessionEngine
    private let database: DatabaseStore

    init(_ settings: Settings, logger: Logger) throws {
        let codec = SessionCodec(
            signer: TimestampSigner(
                secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks, salt: settings.salt))
        database = try DatabaseStore(
            database: settings.database, codec: codec, limit: .seconds(settings.databaseTimeout), logger: logger)
        sessions = SessionEngine(store: database, codec: codec, settings: settings.session)
    }

    /// Makes the connections ahead of the first request.
    func connect() { database.connect() }

    func close() { database.close() }
}
