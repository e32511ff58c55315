import EventLoop
import Logging

/// The few operations on a cache in Redis (`django.core.cache.backends.redis.RedisCache`) that sessions need. Each is one
/// step: nobody comes in between.
@EventLoop
final class RedisCache {
    private let client: RedisClient
    private let isPatient: Bool

    /// - Parameters:
    ///   - limit: how long an operation takes at most.
    ///   - isPatient: whether an outage is waited for so long; else it is an error at once.
    init(_ options: RedisOptions, limit: Duration, isPatient: Bool, logger: Logger) {
        client = RedisClient(options, limit: limit, logger: logger)
        self.isPatient = isPatient
    }

    func get(_ key: String) async throws(CacheError) -> [UInt8]? {
        if case .bytes(let value) = try await run("GET", key) { value } else { nil }
    }

    /// Stores the value for so many seconds; none at all leaves nothing there.
    /// - Returns: false where the condition did not hold, and nothing was stored.
    func set(
        _ key: String, _ value: [UInt8], seconds: Int, if condition: CacheCondition
    ) async throws(CacheError) -> Bool {
        var command = [bytes("SET"), bytes(key), value] + lifetime(seconds)
        switch condition {
        case .always: break
        case .absent: command.append(bytes("NX"))
        case .present: command.append(bytes("XX"))
        case .equal(let old):
            command = [bytes("EVAL"), bytes(Self.swap), bytes("1"), bytes(key), old, value] + lifetime(seconds)
        }
        return try await run(command) == .status("OK")
    }

    /// Stores a new value and deletes another; where the key is taken or the other is not there, nothing happens.
    func move(_ oldKey: String, to key: String, _ value: [UInt8], seconds: Int) async throws(CacheError) -> CacheMove {
        let command =
            [bytes("EVAL"), bytes(Self.move), bytes("2"), bytes(key), bytes(oldKey), value] + lifetime(seconds)
        return switch try await run(command) {
        case .integer(1): .done
        case .integer(0): .taken
        default: .gone
        }
    }

    func delete(_ key: String) async throws(CacheError) { _ = try await run("DEL", key) }

    /// Suspends until the cache is likely to answer.
    func waitUntilReachable() async { await client.waitForConnection() }

    func connect() { client.connectInBackground() }

    func close() { client.close() }

    private static let swap = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[1], ARGV[2], ARGV[3], ARGV[4]) end
        return false
        """

    private static let move = """
        if redis.call('EXISTS', KEYS[2]) == 0 then return -1 end
        if not redis.call('SET', KEYS[1], ARGV[1], ARGV[2], ARGV[3], 'NX') then return 0 end
        redis.call('DEL', KEYS[2])
        return 1
        """

    /// What has no time left has ended in 1970, so that it is gone at once: Redis takes no duration below a millisecond.
    private func lifetime(_ seconds: Int) -> [[UInt8]] {
        seconds > 0 ? [bytes("EX"), bytes(String(seconds))] : [bytes("PXAT"), bytes("1")]
    }

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func run(_ words: String...) async throws(CacheError) -> RedisReply { try await run(words.map(bytes)) }

    private func run(_ command: [[UInt8]]) async throws(CacheError) -> RedisReply {
        try await client.command(command, patiently: isPatient)
    }
}

enum CacheMove {
    case done
    case taken
    case gone
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
