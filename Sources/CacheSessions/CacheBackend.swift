import EventLoop

/// The few operations on a cache that sessions need. Each is one step: nobody comes in between.
@EventLoop
protocol CacheBackend: AnyObject {
    func get(_ key: String) async throws(CacheError) -> [UInt8]?

    /// Stores the value for so many seconds; none at all leaves nothing there.
    /// - Returns: false where the condition did not hold, and nothing was stored.
    func set(
        _ key: String, _ value: [UInt8], seconds: Int, if condition: CacheCondition
    ) async throws(CacheError) -> Bool

    /// Stores a new value and deletes another.
    /// - Returns: false where the key is taken; nothing has happened then.
    func move(_ oldKey: String, to key: String, _ value: [UInt8], seconds: Int) async throws(CacheError) -> Bool

    /// A missing value is no error.
    func delete(_ key: String) async throws(CacheError)

    /// Suspends until the cache is likely to answer.
    func waitUntilReachable() async

    /// Makes the connection ahead of the first request.
    func connect()

    func close()
}

enum CacheCondition: Sendable {
    case always
    /// Only where the key is free (Django's `add`).
    case absent
    /// Only where something is stored.
    case present
    /// Only where this very value is stored.
    case equal([UInt8])
}

/// What kept a command from its answer.
enum CacheError: Error, Equatable, CustomStringConvertible {
    /// Redis cannot be reached, or did not answer in time: whether a write happened is unknown.
    case connectionLost(String)
    /// Redis refused the command.
    case server(String)

    var description: String {
        switch self {
        case .connectionLost(let reason), .server(let reason): reason
        }
    }
}
