import EventLoop
import Logging
import Sessions

/// Cached sessions that must go, tried until it is done: a cache that was away may come back with what it held.
@EventLoop
final class Invalidations {
    private let cache: RedisCache
    private let logger: Logger
    private var keys: Set<String> = []
    private var isRunning = false

    /// How many sessions can wait.
    static let room = 100_000
    /// When a session that was ended is taken out again: a Django process may have read it before it ended and stored it
    /// after. It does that within one request.
    static let secondTime = Duration.seconds(2)

    init(_ cache: RedisCache, logger: Logger) {
        self.cache = cache
        self.logger = logger
    }

    /// Asked before a session is changed: that a stale one may come back must not be forgotten, so that no more of them can
    /// be changed during an outage than can wait.
    /// - Throws: ``SessionStoreError/unavailable(_:)``.
    func requireRoom(for key: String) throws(SessionStoreError) {
        guard keys.count >= Self.room, !keys.contains(key) else { return }
        throw .unavailable("the cache is away, and too many sessions have changed since")
    }

    /// Whether what the cache holds of a session must not be believed.
    func contains(_ key: String) -> Bool { keys.contains(key) }

    func add(_ key: String) {
        keys.insert(key)
        guard !isRunning else { return }
        isRunning = true
        EventLoop.start { [self] in await run() }
    }

    func addLater(_ key: String) {
        EventLoop.schedule(after: Self.secondTime) { [weak self] in self?.add(key) }
    }

    func close() {
        if !keys.isEmpty {
            logger.error("the cache was not told of sessions that changed", metadata: ["sessions": "\(keys.count)"])
        }
        keys = []
    }

    private func run() async {
        while let key = keys.first {
            do throws(CacheError) {
                try await cache.delete(key)
                keys.remove(key)
            } catch {
                await EventLoop.sleep(for: .milliseconds(100))
                await cache.waitUntilReachable()
            }
        }
        isRunning = false
    }
}
