import EventLoop

/// A user was here: what the list is to know of it.
struct SessionVisit: Sendable {
    let key: String
    let userID: Int64
    /// Microseconds since 1970-01-01 UTC.
    let time: Int64
    let address: String?
    let device: String?
}

/// The visits that are still to be written. Of one session one counts in some minutes, because few care when exactly
/// somebody was last seen, and each costs a write.
struct VisitLog {
    /// After so long a session's visit counts again, up to twice as long where the session came late in that time.
    static let interval = Duration.seconds(300)
    /// So many sessions are remembered at most, in two halves.
    static let capacity = 20_000

    private var pending: [String: SessionVisit] = [:]
    private var recent: Set<String> = []
    private var older: Set<String> = []
    private var begin = ContinuousClock.now

    var isEmpty: Bool { pending.isEmpty }

    /// Whether a visit is to be added; asked once of each.
    mutating func counts(_ key: String, at now: ContinuousClock.Instant) -> Bool {
        if now - begin >= Self.interval || recent.count >= Self.capacity / 2 {
            older = now - begin >= Self.interval * 2 ? [] : recent
            recent = []
            begin = now
        }
        return !older.contains(key) && pending.count < Self.capacity && recent.insert(key).inserted
    }

    mutating func add(_ visit: SessionVisit) { pending[visit.key] = visit }

    /// Takes some out; they count as written.
    mutating func take(_ count: Int) -> [SessionVisit] {
        let taken = Array(pending.values.prefix(count))
        for visit in taken { pending[visit.key] = nil }
        return taken
    }

    /// The session's next visit counts.
    mutating func forget(_ key: String) {
        recent.remove(key)
        older.remove(key)
    }
}
