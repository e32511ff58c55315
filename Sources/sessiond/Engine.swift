import CacheSessions
import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import Sessions

/// The engine that `SESSION_ENGINE` names, with its connections.
@EventLoop
final class Engine {
    let sessions: SessionEngine
    /// The same for who is no visitor, and looks at sessions of others.
    let listedSessions: SessionEngine
    let codec: SessionCodec
    /// Whether sessions are read from the table itself, and no cache is asked first.
    let readsTable: Bool
    private let connections: [any Connections]

    /// - Parameter audit: hears of what becomes of visitors' sessions.
    /// - Throws: ``Failure`` where the engine's place cannot be used.
    init(_ settings: Settings, audit: AuditLog? = nil, logger: Logger) throws {
        settings.applyTimeZone()
        let codec = SessionCodec(
            signer: TimestampSigner(
                secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks, salt: settings.salt))
        self.codec = codec
        let limit = Duration.seconds(settings.databaseTimeout)
        func database() throws -> DatabaseStore {
            try DatabaseStore(database: settings.database, codec: codec, limit: limit, logger: logger)
        }
        let store: any SessionStore
        switch (settings.engine, settings.cache) {
        // A cache in memory can hold nothing that the database has not: it would be this process's own.
        case (.db, _), (.cachedDB, nil):
            let database = try database()
            (store, connections) = (database, [database])
        case (.cachedDB, let cache?):
            let database = try database()
            let cached = CachedDatabaseStore(database: database, cache, logger: logger)
            (store, connections) = (cached, [cached, database])
        case (.cache, let cache?):
            let cached = CacheStore(cache, limit: limit, logger: logger)
            (store, connections) = (cached, [cached])
        case (.cache, nil): (store, connections) = (MemoryStore(), [])
        case (.file, _): (store, connections) = (try settings.fileStore(codec), [])
        case (.signedCookies, _):
            let cookies = CookieStore(
                secretKey: settings.secretKey, fallbacks: settings.secretKeyFallbacks, settings: settings.session)
            (store, connections) = (cookies, [])
        }
        readsTable = store is DatabaseStore
        sessions = SessionEngine(store: store, codec: codec, settings: settings.session, audit: audit)
        listedSessions = SessionEngine(store: store, codec: codec, settings: settings.session)
    }

    /// Makes the connections ahead of the first request.
    func connect() { for connection in connections { connection.connect() } }

    func close() { for connection in connections { connection.close() } }
}

/// A store that keeps connections to a server.
@EventLoop
private protocol Connections {
    func connect()
    func close()
}

extension DatabaseStore: Connections {}
extension CacheStore: Connections {}
extension CachedDatabaseStore: Connections {}

extension Settings {
    func fileStore(_ codec: SessionCodec) throws -> FileStore {
        do throws(InvalidSessionDirectory) {
            return try FileStore(directory: filePath, codec: codec, settings: session)
        } catch {
            throw Failure("SESSION_FILE_PATH: \(error)")
        }
    }
}
