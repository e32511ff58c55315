import EventLoop

/// A cache in this process alone, for development (Django's `LocMemCache`).
@EventLoop
final class LocalMemoryCache: CacheBackend {
    private struct Entry {
        let value: [UInt8]
        let end: ContinuousClock.Instant
    }

    private var entries: [String: Entry] = [:]
    /// How many there may be before those that have ended are taken out: twice as many as were left the last time.
    private var room = 1024

    func get(_ key: String) -> [UInt8]? {
        guard let entry = entries[key], entry.end > ContinuousClock.now else { return nil }
        return entry.value
    }

    func set(_ key: String, _ value: [UInt8], seconds: Int, if condition: CacheCondition) -> Bool {
        let present = get(key)
        let holds =
            switch condition {
            case .always: true
            case .absent: present == nil
            case .present: present != nil
            case .equal(let old): present == old
            }
        guard holds else { return false }
        entries[key] = Entry(value: value, end: .now + .seconds(max(seconds, 0)))
        if entries.count > room {
            let now = ContinuousClock.now
            entries = entries.filter { $0.value.end > now }
            room = max(1024, entries.count * 2)
        }
        return true
    }

    func move(_ oldKey: String, to key: String, _ value: [UInt8], seconds: Int) -> Bool {
        guard set(key, value, seconds: seconds, if: .absent) else { return false }
        delete(oldKey)
        return true
    }

    func delete(_ key: String) { entries[key] = nil }

    func waitUntilReachable() {}

    func connect() {}

    func close() {}
}
