import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import DatabaseSessions

private func record(_ text: String) -> EncodedRecord {
    EncodedRecord(data: Array(text.utf8), expireDate: SessionEngine.systemTime() + 60_000_000)
}

/// What a write came to, as text.
private func outcome(_ body: () async throws(SessionStoreError) -> Void) async -> String {
    do {
        try await body()
        return "done"
    } catch {
        return error == .keyGone ? "gone" : error == .keyExists ? "exists" : "unavailable"
    }
}

@Suite("A database that is away, or in the way")
struct OutageTests {
    @Test("those who wait for a database that is away are answered at their deadline, and nobody is kept after it")
    func away() async throws {
        try await onLoop {
            let client = PostgresClient(
                try ConnectionOptions("postgresql:///x?host=/nonexistent"), role: "test", statementLimit: .seconds(1),
                logger: Logger(label: "test"))
            let loads = LoadQueue(client: client, limit: .milliseconds(500))
            let writes = WriteQueue(client: client, aloneClient: client, limit: .milliseconds(500))
            let start = ContinuousClock.now
            var outcomes: [String: Int] = [:]
            await concurrently(
                (0..<1000).map { index in
                    {
                        let answer = await outcome { () throws(SessionStoreError) in
                            switch index % 4 {
                            case 0: _ = try await loads.load("loaded\(index)")
                            case 1: try await writes.write("written\(index)", .create(record("x"), replacing: nil))
                            default: try await writes.write("the same", .update(record("x"), loaded: nil))
                            }
                        }
                        outcomes[answer, default: 0] += 1
                    }
                })
            #expect(outcomes == ["unavailable": 1000])
            #expect(ContinuousClock.now - start >= .milliseconds(500))
            #expect(loads.isEmpty && writes.isEmpty)
            client.close()
        }
    }

    @Test("closing answers those who wait at once")
    func closing() async throws {
        try await onLoop {
            let store = try DatabaseStore(
                database: "postgresql:///x?host=/nonexistent", codec: SessionCodec(secretKey: "k"),
                limit: .seconds(60), logger: Logger(label: "test"))
            let start = ContinuousClock.now
            var outcomes: [String] = []
            await concurrently([
                {
                    outcomes.append(
                        await outcome { () throws(SessionStoreError) in _ = try await store.loads.load("a") })
                },
                { outcomes.append(await outcome { () throws(SessionStoreError) in try await store.delete("b") }) },
                {
                    await EventLoop.sleep(for: .milliseconds(100))
                    store.close()
                    outcomes.append(await outcome { () throws(SessionStoreError) in try await store.delete("c") })
                },
            ])
            #expect(outcomes == ["unavailable", "unavailable", "unavailable"])
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test("a row that stays locked does not hold up another that is locked for a moment")
    func twoLocks() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(8))
            for name in ["long1", "long2", "long3", "short"] {
                try await store.create(name, record("old"), replacing: nil)
            }
            let rows = "SELECT 1 FROM django_session WHERE session_key"
            let long = try await HeldLock(database, "\(rows) LIKE 'long%' FOR UPDATE")
            let short = try await HeldLock(database, "\(rows) = 'short' FOR UPDATE")
            EventLoop.schedule(after: .milliseconds(600)) { short.release() }
            var outcomes: [String: String] = [:]
            await concurrently(
                ["long1", "long2", "long3", "short", "missing"].map { name in
                    {
                        outcomes[name] = await outcome { () throws(SessionStoreError) in
                            try await store.update(name, record("new"), loaded: nil)
                        }
                    }
                })
            long.release()
            #expect(
                outcomes == [
                    "long1": "unavailable", "long2": "unavailable", "long3": "unavailable", "short": "done",
                    "missing": "gone",
                ])
        }
    }

    @Test("a row that is locked for longer than half the time a caller has is still written")
    func longLock() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(10))
            try await store.create("lockedxx", record("old"), replacing: nil)
            let lock = try await HeldLock(
                database, "SELECT 1 FROM django_session WHERE session_key = 'lockedxx' FOR UPDATE")
            EventLoop.schedule(after: .milliseconds(5500)) { lock.release() }
            let result = await outcome { () throws(SessionStoreError) in try await store.delete("lockedxx") }
            #expect(result == "done")
            #expect(try await database.data("lockedxx") == nil)
        }
    }

    /// What comes of a creation that was sent before, nobody knows to what effect.
    @EventLoop
    private static func retry(_ key: String, replacing oldKey: String?, on client: PostgresClient) async -> String {
        let answer = await withCheckedContinuation { caller in
            let place = DatabaseSessions.Place<Void>(deadline: .now + .seconds(10), caller: caller)
            let write = Write(key, .create(record("ours"), replacing: oldKey), place: place)
            write.outcomeIsUnknown = true
            EventLoop.start { while !place.isSettled { await write.tryAlone(on: client) } }
        }
        return await outcome { () throws(SessionStoreError) in try answer.get() }
    }

    @Test("who took another's place and does not know it finds what he wrote, also where that comes just now")
    func unknownReplacement() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(10))
            let client = try database.anotherClient()
            try await store.create("oldkey01", record("old"), replacing: nil)
            let lock = try await HeldLock(
                database,
                """
                WITH gone AS (DELETE FROM django_session WHERE session_key = 'oldkey01' RETURNING expire_date)
                INSERT INTO django_session SELECT 'newkey01', 'ours', expire_date FROM gone
                """)
            let waiting = """
                SELECT count(*) FROM pg_locks WHERE locktype = 'tuple' AND relation = 'django_session'::regclass
                """
            EventLoop.start {
                while (try? await database.number(waiting)) == 0 { await EventLoop.sleep(for: .milliseconds(10)) }
                try? await lock.commit()
            }
            #expect(await Self.retry("newkey01", replacing: "oldkey01", on: client) == "done")
            #expect(await Self.retry("newkey01", replacing: "oldkey01", on: client) == "done")
            #expect(await Self.retry("newkey02", replacing: "oldkey01", on: client) == "gone")
            #expect(try await database.number("SELECT count(*) FROM django_session") == 1)
        }
    }

    @Test("who made a session and does not know it finds it, also where it comes just now")
    func unknownCreation() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let client = try database.anotherClient()
            let lock = try await HeldLock(database, "INSERT INTO django_session VALUES ('newkey01', 'ours', now())")
            let waiting = """
                SELECT count(*) FROM pg_stat_activity
                WHERE wait_event = 'transactionid' AND application_name = current_setting('application_name')
                """
            EventLoop.start {
                while (try? await database.number(waiting)) == 0 { await EventLoop.sleep(for: .milliseconds(10)) }
                try? await lock.commit()
            }
            #expect(await Self.retry("newkey01", replacing: nil, on: client) == "done")
            #expect(await Self.retry("newkey01", replacing: nil, on: client) == "done")
            try await database.run("UPDATE django_session SET session_data = 'theirs'")
            #expect(await Self.retry("newkey01", replacing: nil, on: client) == "exists")
        }
    }

    @Test("a locked table costs 503 and nothing is written afterwards, for those who were told so")
    func lockedTable() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(1))
            try await store.create("present1", record("old"), replacing: nil)
            let lock = try await HeldLock(database, "LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
            var outcomes: [String] = []
            await concurrently([
                {
                    outcomes.append(
                        await outcome { () throws(SessionStoreError) in
                            _ = try await store.loads.load("present1")
                        })
                },
                {
                    outcomes.append(
                        await outcome { () throws(SessionStoreError) in
                            try await store.update("present1", record("new"), loaded: nil)
                        })
                },
                {
                    outcomes.append(
                        await outcome { () throws(SessionStoreError) in
                            try await store.create("created1", record("new"), replacing: nil)
                        })
                },
            ])
            // What is under way at the deadline ends by itself, at the latest with its time-out for locks.
            await EventLoop.sleep(for: .milliseconds(200))
            lock.release()
            #expect(outcomes == ["unavailable", "unavailable", "unavailable"])
            #expect(try await database.data("present1") == "old")
            #expect(try await database.data("created1") == nil)
            var later = ""
            for _ in 0..<20 where later != "done" {
                later = await outcome { () throws(SessionStoreError) in
                    try await store.update("present1", record("newer"), loaded: nil)
                }
            }
            #expect(try await database.data("present1") == "newer")
        }
    }

    @Test("large values do not hold up the loads of their batch")
    func largeValue() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            let large = String(repeating: "x", count: 1_000_000)
            for index in 0..<8 { try await store.create("large\(index)", record(large), replacing: nil) }
            try await store.create("smallxxx", record("small"), replacing: nil)
            var order: [String] = []
            await concurrently(
                ((0..<8).map { "large\($0)" } + ["smallxxx"]).map { name in
                    {
                        if let record = try? await store.loads.load(name) {
                            order.append("\(name) \(record.data.count)")
                        }
                    }
                })
            #expect(order.first == "smallxxx 5")
            #expect(order.count == 9)
        }
    }

    @Test("a column that is altered under prepared statements costs nobody an error")
    func alteredTable() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            try await store.create("altered1", record("1"), replacing: nil)
            for length in [50, 60, 70] {
                _ = try await store.loads.load("altered1")
                try await store.update("altered1", record("\(length)"), loaded: nil)
                try await database.run("ALTER TABLE django_session ALTER session_key TYPE varchar(\(length))")
                #expect(try await store.loads.load("altered1")?.data == Array("\(length)".utf8))
                try await store.update("altered1", record("2"), loaded: nil)
            }
        }
    }

    @Test("a serializable database changes nothing: two workers write the same keys without an error")
    func serializable() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let url = database.url.replacing(
                "options=", with: "options=-cdefault_transaction_isolation%3Dserializable%20")
            let stores = try (0..<2).map { _ in
                try DatabaseStore(
                    database: url, codec: SessionCodec(secretKey: "k"), limit: .seconds(5),
                    logger: Logger(label: "test"))
            }
            for index in 0..<8 { try await stores[0].create("shared\(index)", record("0"), replacing: nil) }
            var failures: [String] = []
            var bodies: [@EventLoop () async -> Void] = []
            for index in 0..<16 {
                bodies.append {
                    for round in 0..<40 {
                        let result = await outcome { () throws(SessionStoreError) in
                            _ = try await stores[index % 2].load("shared\(index / 2)", now: 0)
                            try await stores[index % 2].update("shared\(index / 2)", record("\(round)"), loaded: nil)
                        }
                        if result != "done" { failures.append(result) }
                    }
                }
            }
            await concurrently(bodies)
            #expect(failures == [])
        }
    }
}
