import EventLoop
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import DatabaseSessions

private func record(_ text: String) -> EncodedRecord {
    EncodedRecord(data: Array(text.utf8), expireDate: SessionEngine.systemTime() + 60_000_000)
}

private let rowLock = "SELECT 1 FROM django_session WHERE session_key = 'lockedxx' FOR UPDATE"

@Suite("Rows that others hold, connections that are cut")
struct LockTests {
    @Test("a locked row does not hold up the others of its batch, and is written once it is free")
    func lockedRow() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(20))
            for name in ["lockedxx", "freexxxx"] { try await store.create(name, record("old"), replacing: nil) }
            let lock = try await HeldLock(database, rowLock)
            var done: [String] = []
            await concurrently(
                ["lockedxx", "freexxxx"].map { name in
                    {
                        try? await store.update(name, record("new"), loaded: nil)
                        done.append(name)
                        lock.release()
                    }
                })
            #expect(done == ["freexxxx", "lockedxx"])
            #expect(try await database.number("SELECT count(*) FROM django_session WHERE session_data = 'new'") == 2)
        }
    }

    @Test("a row that stays locked costs its own caller a 503 and nobody else anything")
    func staysLocked() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(3))
            for name in ["lockedxx", "freexxxx"] { try await store.create(name, record("old"), replacing: nil) }
            let lock = try await HeldLock(database, rowLock)
            var outcomes: [String] = []
            do throws(SessionStoreError) {
                try await store.delete("lockedxx")
            } catch { outcomes.append(error == .keyGone ? "gone" : "unavailable") }
            do throws(SessionStoreError) {
                try await store.update("freexxxx", record("new"), loaded: nil)
            } catch { outcomes.append("\(error)") }
            lock.release()
            #expect(outcomes == ["unavailable"])
            #expect(try await database.data("freexxxx") == "new")
        }
    }

    @Test("two workers and a client that write the same keys in opposite orders never deadlock")
    func oppositeOrders() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let stores = [try database.store(), try database.store()]
            let names = (0..<12).map { "session\($0)x" }
            for name in names { try await stores[0].create(name, record("old"), replacing: nil) }
            var failures: [String] = []
            let other = try database.anotherClient()
            let third = Statement(
                "UPDATE django_session SET expire_date = expire_date WHERE session_key LIKE 'session%'")
            var bodies: [@EventLoop () async -> Void] = [
                { for _ in 0..<40 { _ = try? await other.execute(third) } }
            ]
            for (store, names) in [(stores[0], names), (stores[1], names.reversed())] {
                for name in names {
                    bodies.append {
                        for round in 0..<40 {
                            do throws(SessionStoreError) {
                                try await store.update(name, record("\(round)"), loaded: nil)
                            } catch { failures.append("\(error)") }
                        }
                    }
                }
            }
            await concurrently(bodies)
            #expect(failures == [])
            #expect(
                try await database.number("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                    == 0)
        }
    }

    @Test("writes and loads survive that every connection is cut, again and again")
    func cutConnections() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            var failures: [String] = []
            var isDone = false
            let cut = Statement(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
            )
            var created: [String] = []
            let workers: [@EventLoop () async -> Void] = (0..<8).map { worker in
                {
                    for round in 0..<25 {
                        let name = "worker\(worker)round\(round)"
                        do throws(SessionStoreError) {
                            try await store.create(name, record("new"), replacing: nil)
                            created.append(name)
                            let loaded = try await store.loads.load(name)
                            if loaded == nil { failures.append("\(name) is lost") }
                            try await store.update(name, record("newer"), loaded: Array("new".utf8))
                            if round % 2 == 0 { try await store.delete(name) }
                        } catch { failures.append("\(name): \(error)") }
                    }
                }
            }
            await concurrently([
                {
                    while !isDone {
                        _ = try? await database.client.execute(cut)
                        await EventLoop.sleep(for: .milliseconds(500))
                    }
                },
                {
                    await concurrently(workers)
                    isDone = true
                },
            ])
            #expect(failures == [])
            #expect(created.count == 200)
            #expect(try await database.number("SELECT count(*) FROM django_session WHERE session_data = 'newer'") == 96)
        }
    }
}
