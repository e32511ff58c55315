import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions

/// The engine that `SESSION_ENGINE` names, with its connections.
@EventLoop
final class Engine {
    let sessions: SessionEngine
    private let connections: (any Connections)?

    /// - Throws: ``Failure`` where the engine's place cannot be used.
    init(_ settings: Settings, logger: Logger) throws {
        settings.applyTimeZone()
        let codec = SessionCodec(
            signer: TimestampSigner(
                secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks, salt: settings.salt))
        let limit = Duration.seconds(settings.databaseTimeout)
        let store: any SessionStore
        switch settings.engine {
        case .db:
            store = try DatabaseStore(database: settings.database, codec: codec, limit: limit, logger: logger)
        case .file: store = try settings.fileStore(codec)
        case .signedCookies:
            store = CookieStore(
                secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks, settings: settings.session)
        case .cache, .cachedDB: throw Failure("SESSION_ENGINE: '\(settings.engine.rawValue)' is not there yet")
        }
        connections = store as? any Connections
        sessions = SessionEngine(store: store, codec: codec, settings: settings.session)
    }

    /// Makes the connections ahead of the first request.
    func connect() { connections?.connect() }

    func close() { connections?.close() }
}

/// A store that keeps connections to a server.
@EventLoop
private protocol Connections {
    func connect()
    func close()
}

extension DatabaseStore: Connections {}

extension Settings {
    func fileStore(_ codec: SessionCodec) throws -> FileStore {
        do throws(InvalidSessionDirectory) {
            return try FileStore(directory: filePath, codec: codec, settings: session)
        } catch {
            throw Failure("SESSION_FILE_PATH: \(error)")
        }
    }
}
