import EventLoop
import Logging
import PostgreSQL
import Sessions
import Synchronization
import TestSupport
import Testing

@testable import DatabaseSessions

/// Remembers the messages of a logger.
private final class Messages: LogHandler, Sendable {
    let all = Mutex<[String]>([])
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) { all.withLock { $0.append("\(event.message)") } }
}

@Suite("Workers that clear by themselves")
struct SelfClearingTests {
    private let often = Duration.milliseconds(20)

    @EventLoop
    private func clearing(
        _ database: TestDatabase, _ logger: Logger = Logger(label: "test"), _ chores: SelfClearing.Chore...
    ) -> SelfClearing {
        let clearing = SelfClearing(database: database.url, every: often, logger: logger, chores: chores)
        clearing.start()
        return clearing
    }

    @EventLoop
    private func insert(_ database: TestDatabase, _ name: String, _ count: Int, _ expires: String) async throws {
        try await database.run(
            "INSERT INTO django_session SELECT '\(name)' || i, 'x', now() + interval '\(expires)' FROM generate_series(1, \(count)) AS i"
        )
    }

    private static let inTransaction =
        "pg_stat_activity WHERE state = 'idle in transaction' AND application_name = current_setting('application_name')"

    /// A worker that asks for the lock in vain is in a transaction too, for a moment.
    private static let elected =
        "pg_stat_activity JOIN pg_locks USING (pid) WHERE locktype = 'advisory' AND granted AND application_name = current_setting('application_name')"

    @Test("one of them is at work at a time, and holds back no VACUUM meanwhile")
    func election() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            var atWork = 0
            var most = 0
            var turns: [Int: Int] = [:]
            var holders: Int64?
            var isolated: Int64?
            let workers = (0..<3).map { worker in
                clearing(database, Logger(label: "test")) { turn in
                    atWork += 1
                    most = max(most, atWork)
                    turns[worker, default: 0] += 1
                    holders = try? await database.number("SELECT count(*) FROM \(Self.elected)")
                    isolated = try? await database.number(
                        "SELECT count(*) FROM \(Self.elected) AND backend_xid IS NULL AND backend_xmin IS NULL")
                    await EventLoop.sleep(for: .milliseconds(30))
                    atWork -= 1
                }
            }
            #expect(try await eventually { turns.values.reduce(0, +) >= 12 })
            #expect(most == 1 && holders == 1 && isolated == 1)
            for worker in workers { worker.close() }
            let done = turns
            await EventLoop.sleep(for: .milliseconds(200))
            #expect(turns == done)
            #expect(
                try await eventually { try await database.number("SELECT count(*) FROM \(Self.inTransaction)") == 0 })
        }
    }

    @Test("one whose connection is cut stops after its batch, and the next look goes on")
    func lostElection() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            var turns = 0
            var stopped = 0
            let worker = clearing(database, Logger(label: "test")) { turn in
                turns += 1
                while turn.isOn { await EventLoop.sleep(for: .milliseconds(10)) }
                stopped += 1
            }
            #expect(try await eventually { turns == 1 })
            #expect(stopped == 0)
            try await database.run("SELECT pg_terminate_backend(pid) FROM \(Self.inTransaction)")
            #expect(try await eventually { turns == 2 })
            #expect(stopped == 1)
            worker.close()
            #expect(try await eventually { stopped == 2 })
        }
    }

    @Test("an outage that a client without a log notices first stands in the log of the next")
    func silentClient() async throws {
        try await onLoop {
            let messages = Messages()
            let options = try ConnectionOptions("postgresql:///x?host=/nonexistent/silent")
            for logger in [nil, Logger(label: "test") { _ in messages }] {
                let client = PostgresClient(options, role: "test", statementLimit: .seconds(1), logger: logger)
                _ = try? await client.execute(Statement("SELECT 1"), deadline: .now + .milliseconds(100))
                #expect(messages.all.withLock { $0 } == (logger == nil ? [] : ["database not reachable"]))
                EventLoop.schedule(after: .seconds(1)) { client.close() }
            }
        }
    }

    @Test("expired sessions go, all others stay: also one that somebody saves or holds at that moment")
    func sessions() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            try await insert(database, "expired", 2500, "-1 day")
            try await insert(database, "current", 5, "1 day")
            let lock = try await HeldLock(
                database,
                """
                WITH saved AS MATERIALIZED (
                    UPDATE django_session SET expire_date = now() + interval '1 day'
                    WHERE session_key IN ('expired7', 'expired2500') RETURNING 1
                ), held AS MATERIALIZED (
                    SELECT 1 FROM django_session WHERE session_key = 'expired9' FOR UPDATE
                ) SELECT FROM saved, held
                """)
            let worker = clearing(
                database, Logger(label: "test"), SelfClearing.sessions(now: SessionEngine.systemTime))
            #expect(try await eventually { try await database.number("SELECT count(*) FROM django_session") == 8 })
            try await lock.commit()
            #expect(try await eventually { try await database.number("SELECT count(*) FROM django_session") == 7 })
            #expect(
                try await database.number("SELECT count(*) FROM django_session WHERE session_key LIKE 'expired%'") == 2)
            worker.close()
            try await insert(database, "late", 3, "-1 day")
            await EventLoop.sleep(for: .milliseconds(200))
            #expect(try await database.number("SELECT count(*) FROM django_session") == 10)
        }
    }

    @Test("what goes wrong is told once, and tried again with growing pauses")
    func failures() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let messages = Messages()
            let logger = Logger(label: "test") { _ in messages }
            var attempts = 0
            try await database.run("ALTER TABLE django_session RENAME TO away")
            let sessions = SelfClearing.sessions(now: SessionEngine.systemTime)
            let worker = clearing(database, logger) { turn in
                attempts += 1
                try await sessions(turn)
            }
            #expect(try await eventually { attempts >= 4 })
            #expect(messages.all.withLock { $0 } == ["expired sessions stay in the database"])
            try await database.run("ALTER TABLE away RENAME TO django_session")
            try await insert(database, "expired", 3, "-1 day")
            #expect(try await eventually { try await database.number("SELECT count(*) FROM django_session") == 0 })
            worker.close()
        }
    }
}
