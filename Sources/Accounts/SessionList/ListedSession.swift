import DjangoFormat
import PostgreSQL
import Sessions

/// A session as its user sees it.
public struct ListedSession: Sendable, Equatable {
    /// What stands for it on pages and in commands: a keyed hash of its key, which nobody can turn back.
    public let id: String
    /// Microseconds since 1970-01-01 UTC; nil where it is older than the list.
    public let created: Int64?
    /// Microseconds since 1970-01-01 UTC, some minutes behind at most.
    public let lastSeen: Int64
    /// An IPv4 network of 24 bits or an IPv6 network of 48, where a worker saw its visitor last; nil where none did.
    public let address: String?
    /// A family such as `Firefox on Linux`, from the same visit.
    public let device: String?
    let key: String
}

extension ListedSession {
    /// A row of ``SessionListSQL/sessions``.
    init?(_ result: PostgresResult, row: Int, _ names: SaltedHMAC) {
        guard let key = result.string(row, 1), let created = result.integer(row, 2), let seen = result.integer(row, 3)
        else { return nil }
        let begin = PostgresTime.unixTime(created)
        self.init(
            id: names.hexDigest(of: key, digits: 32), created: begin > 0 ? begin : nil,
            lastSeen: PostgresTime.unixTime(seen), address: result.string(row, 4), device: result.string(row, 5),
            key: key)
    }

    /// Whether it is the session that a request came with.
    public func isSession(of session: Session) -> Bool {
        session.sessionKey.map { $0.utf8.elementsEqual(key.utf8) } ?? false
    }

    /// What programs are told of it; its times are those of ``isoDate(_:)``.
    public var json: JSONObject {
        [
            "id": .string(id), "created": created.map { .string(Self.isoDate($0)) } ?? .null,
            "last_seen": .string(Self.isoDate(lastSeen)), "address": address.map { .string($0) } ?? .null,
            "device": device.map { .string($0) } ?? .null,
        ]
    }

    /// `2026-01-02T03:04:05+00:00`, in whole seconds.
    public static func isoDate(_ time: Int64) -> String { ISODate.format(time / 1_000_000 * 1_000_000) }

    /// `2026-01-02 03:04 UTC`, for people.
    public static func shortDate(_ time: Int64) -> String {
        let date = isoDate(time)
        return "\(date.prefix(10)) \(date.dropFirst(11).prefix(5)) UTC"
    }
}
