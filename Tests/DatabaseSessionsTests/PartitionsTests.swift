import EventLoop
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import DatabaseSessions

private func record(_ text: String) -> EncodedRecord {
    EncodedRecord(data: Array(text.utf8), expireDate: SessionEngine.systemTime() + 60_000_000)
}

/// Does something with many sessions at once, and remembers what went wrong.
@EventLoop
private final class Checks {
    let store: DatabaseStore
    var problems: [String] = []

    init(_ store: DatabaseStore) { self.store = store }

    func each(_ names: [String], _ body: @escaping @EventLoop (String) async throws -> Void) async {
        await concurrently(
            names.map { name in
                { [self] in
                    do { try await body(name) } catch { problems.append("\(name): \(error)") }
                }
            })
    }

    func expect(_ name: String, _ text: String?) async throws {
        let found = try await store.loads.load(name)
        if found?.data != text.map({ Array($0.utf8) }) { problems.append("\(name) is not as it was written") }
    }
}

@Suite("django_session in partitions")
struct PartitionsTests {
    @Test("every statement does in partitions what it does in a plain table", arguments: [1, 7])
    func statements(partitions: Int) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let migrator = Migrator(client: database.client)
            try await migrator.divide(into: partitions)
            #expect(try await migrator.partitions() == partitions)
            let store = try database.store()
            await store.loads.lookAtTable()
            let checks = Checks(store)
            let names = (0..<40).map { "session\($0)" }
            let large = String(repeating: "x", count: 100_000)
            await checks.each(names) {
                try await store.create($0, record($0 == "session7" ? large : $0), replacing: nil)
            }
            // Several ask for the same, and one for what is not there.
            await checks.each(names + names + ["nothing"]) {
                try await checks.expect($0, $0 == "nothing" ? nil : $0 == "session7" ? large : $0)
            }
            await checks.each(Array(names[..<10])) { try await store.create("new" + $0, record("new"), replacing: $0) }
            await checks.each(Array(names[10..<20])) { try await store.update($0, record("newer"), loaded: nil) }
            await checks.each(Array(names[20..<30])) { try await store.delete($0) }
            await checks.each(Array(names[..<10])) { name in
                try await checks.expect(name, nil)
                try await checks.expect("new" + name, "new")
            }
            await checks.each(Array(names[10..<20])) { try await checks.expect($0, "newer") }
            await checks.each(Array(names[20..<30])) { try await checks.expect($0, nil) }
            await checks.each(Array(names[30...])) { try await checks.expect($0, $0) }
            #expect(checks.problems == [])
            await #expect(throws: SessionStoreError.self) {
                try await store.update("session0", record("late"), loaded: nil)
            }
            try await database.run(
                "UPDATE django_session SET expire_date = now() - interval '1 day' WHERE session_key < 'o'")
            let expired = ExpiredSessions(client: database.client)
            #expect(try await expired.clear(now: SessionEngine.systemTime(), inBatchesOf: 3) == 10)
            #expect(try await database.number("SELECT count(*) FROM django_session") == 20)
        }
    }
}
