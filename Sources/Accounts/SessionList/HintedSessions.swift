import DjangoFormat
import EventLoop
import PostgreSQL
import Sessions

/// Reads sessions from the database, and in the same statement the users whom the list has for them. Many requests share
/// one statement.
@EventLoop
final class HintedSessions {
    private struct Row: Sendable {
        let data: [UInt8]
        let expireDate: Int64
        let user: User?
    }

    private static let pauseAfterRefusal = Duration.seconds(30)

    private let codec: SessionCodec
    private let rows: BatchQueue<String, Row?>
    private var usableFrom = ContinuousClock.now

    init(reader: PostgresClient, codec: SessionCodec, limit: Duration) {
        self.codec = codec
        rows = BatchQueue("sessions and users", client: reader, limit: limit) { (keys) async throws(PostgresError) in
            let isAlone = keys.count == 1
            let statement = isAlone ? SessionListSQL.hintedSession : SessionListSQL.hintedSessions
            let result = try await reader.execute(statement, [.textArray(keys)])
            var rows: [String: Row?] = [:]
            for row in 0..<result.count {
                guard let key = result.string(row, 0), let expiry = result.integer(row, 2) else { continue }
                // Without its data, which are large, it is to be asked for alone.
                rows[key] = .some(
                    result.text(row, 1).map {
                        Row(data: $0, expireDate: PostgresTime.unixTime(expiry), user: User(result, row: row, from: 3))
                    })
            }
            return keys.map { key in
                guard let row = rows[key] else { return .some(nil) }
                return row.map { .some($0) }
            }
        }
    }

    /// - Returns: nil where the server refuses to look, as it does without the list's tables; the engine is to be asked then.
    func read(_ key: String, now: Int64) async throws(SessionStoreError) -> (session: SessionLookup, user: User?)? {
        guard SessionKey.fitsColumn(key) else { return (.unknown, nil) }
        guard ContinuousClock.now >= usableFrom else { return nil }
        do throws(PostgresError) {
            guard let row = try await rows.answer(key) else { return (.unknown, nil) }
            return (codec.session(in: row.data, expireDate: row.expireDate, now: now), row.user)
        } catch {
            guard case .server(let error) = error else { throw .unavailable("\(error)") }
            // Class 42: a table or a right is missing, for everybody.
            if error.sqlState.hasPrefix("42") { usableFrom = .now + Self.pauseAfterRefusal }
            return nil
        }
    }
}
