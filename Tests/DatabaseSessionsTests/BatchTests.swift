import EventLoop
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import DatabaseSessions

private func record(_ text: String) -> EncodedRecord {
    EncodedRecord(data: Array(text.utf8), expireDate: SessionEngine.systemTime() + 60_000_000)
}

private func key(_ name: String) -> String { name + String(repeating: "k", count: max(0, 32 - name.utf8.count)) }

/// What a call came to, as text.
private func outcome(_ body: () async throws(SessionStoreError) -> Void) async -> String {
    do {
        try await body()
        return "done"
    } catch {
        switch error {
        case .keyExists: return "keyExists"
        case .keyGone: return "keyGone"
        case .unavailable: return "unavailable"
        case .unstorable: return "unstorable"
        }
    }
}

@Suite("Batches of writes")
struct BatchTests {
    @Test("each caller of one batch gets its own result")
    func ownResults() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            try await store.create(key("taken"), record("old"), replacing: nil)
            try await store.create(key("updated"), record("old"), replacing: nil)
            try await store.create(key("deleted"), record("old"), replacing: nil)
            try await store.create(key("cycled"), record("old"), replacing: nil)

            var outcomes: [String: String] = [:]
            await concurrently([
                {
                    outcomes["create"] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("new"), record("a"), replacing: nil)
                    }
                },
                {
                    outcomes["collision"] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("taken"), record("b"), replacing: nil)
                    }
                },
                {
                    outcomes["update"] = await outcome { () throws(SessionStoreError) in
                        try await store.update(key("updated"), record("c"), loaded: nil)
                    }
                },
                {
                    outcomes["missing"] = await outcome { () throws(SessionStoreError) in
                        try await store.update(key("missing"), record("d"), loaded: nil)
                    }
                },
                {
                    outcomes["delete"] = await outcome { () throws(SessionStoreError) in
                        try await store.delete(key("deleted"))
                    }
                },
                {
                    outcomes["delete missing"] = await outcome { () throws(SessionStoreError) in
                        try await store.delete(key("nothing"))
                    }
                },
                {
                    outcomes["cycle"] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("fresh"), record("e"), replacing: key("cycled"))
                    }
                },
            ])

            #expect(
                outcomes == [
                    "create": "done", "collision": "keyExists", "update": "done", "missing": "keyGone",
                    "delete": "done",
                    "delete missing": "done", "cycle": "done",
                ])
            #expect(try await database.data(key("new")) == "a")
            #expect(try await database.data(key("taken")) == "old")
            #expect(try await database.data(key("updated")) == "c")
            #expect(try await database.data(key("missing")) == nil)
            #expect(try await database.data(key("deleted")) == nil)
            #expect(try await database.data(key("cycled")) == nil)
            #expect(try await database.data(key("fresh")) == "e")
            // One transaction for all that was written.
            #expect(
                try await database.number(
                    "SELECT count(DISTINCT xmin::text) FROM django_session WHERE session_data IN ('a', 'c', 'e')") == 1)
        }
    }

    @Test("writes to one key happen one after the other, in their order")
    func sameKey() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            var outcomes: [String] = ["", "", "", "", ""]
            await concurrently([
                {
                    outcomes[0] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("one"), record("1"), replacing: nil)
                    }
                },
                {
                    outcomes[1] = await outcome { () throws(SessionStoreError) in
                        try await store.update(key("one"), record("2"), loaded: nil)
                    }
                },
                {
                    outcomes[2] = await outcome { () throws(SessionStoreError) in
                        try await store.update(key("one"), record("3"), loaded: nil)
                    }
                },
                {
                    outcomes[3] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("two"), record("4"), replacing: key("one"))
                    }
                },
                {
                    outcomes[4] = await outcome { () throws(SessionStoreError) in
                        try await store.update(key("one"), record("5"), loaded: nil)
                    }
                },
            ])
            #expect(outcomes == ["done", "done", "done", "done", "keyGone"])
            #expect(try await database.data(key("one")) == nil)
            #expect(try await database.data(key("two")) == "4")
        }
    }

    @Test("a new key that is taken leaves the session that was to be replaced as it was")
    func collisionOfReplacement() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            try await store.create(key("taken"), record("other"), replacing: nil)
            try await store.create(key("old"), record("mine"), replacing: nil)
            try await store.create(key("older"), record("mine"), replacing: nil)
            var outcomes: [String] = ["", ""]
            await concurrently([
                {
                    outcomes[0] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("taken"), record("a"), replacing: key("old"))
                    }
                },
                {
                    outcomes[1] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("new"), record("b"), replacing: key("older"))
                    }
                },
            ])
            #expect(outcomes == ["keyExists", "done"])
            #expect(try await database.data(key("taken")) == "other")
            #expect(try await database.data(key("old")) == "mine")
            #expect(try await database.data(key("older")) == nil)
            #expect(try await database.data(key("new")) == "b")
        }
    }

    @Test("thousands of writes to one key take their turns, and hold up no other key")
    func longLine() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store(limit: .seconds(10))
            try await store.create(key("hot"), record("0"), replacing: nil)
            var hot: [String: Int] = [:]
            var others = 0
            await concurrently(
                (0..<5000).map { index in
                    {
                        if index % 50 == 49 {
                            let done = await outcome { () throws(SessionStoreError) in
                                try await store.create(key("other\(index)"), record("x"), replacing: nil)
                            }
                            if done == "done" { others += 1 }
                        } else {
                            let done = await outcome { () throws(SessionStoreError) in
                                try await store.update(key("hot"), record("\(index)"), loaded: nil)
                            }
                            hot[done, default: 0] += 1
                        }
                    }
                })
            #expect(others == 100)
            #expect(hot["done", default: 0] > 0 && hot.keys.allSatisfy { ["done", "unavailable"].contains($0) })
            // The last one that was told "done" stands: those that were told otherwise came to nothing after it.
            let last = try #require(try await database.data(key("hot")).flatMap { Int($0) })
            #expect(hot["done", default: 0] <= last + 1)
        }
    }

    @Test("a member that the database refuses fails alone")
    func failingMember() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            try await database.run("ALTER TABLE django_session ADD CHECK (session_data <> 'poison')")
            let store = try database.store()
            try await store.create(key("old"), record("old"), replacing: nil)
            var outcomes: [String] = ["", "", "", ""]
            await concurrently([
                {
                    outcomes[0] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("good"), record("a"), replacing: nil)
                    }
                },
                {
                    outcomes[1] = await outcome { () throws(SessionStoreError) in
                        try await store.create(key("bad"), record("poison"), replacing: nil)
                    }
                },
                {
                    outcomes[2] = await outcome { () throws(SessionStoreError) in
                        try await store.update(key("old"), record("b"), loaded: nil)
                    }
                },
                { outcomes[3] = await outcome { () throws(SessionStoreError) in try await store.delete(key("gone")) } },
            ])
            #expect(outcomes == ["done", "unavailable", "done", "done"])
            #expect(try await database.data(key("good")) == "a")
            #expect(try await database.data(key("bad")) == nil)
            #expect(try await database.data(key("old")) == "b")
        }
    }

    @Test("values past a batch's size go through, in batches of their own")
    func largeMembers() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            let large = String(repeating: "x", count: 700_000)
            var outcomes = [String](repeating: "", count: 4)
            await concurrently(
                (0..<4).map { index in
                    {
                        outcomes[index] = await outcome { () throws(SessionStoreError) in
                            try await store.create(key("large\(index)"), record(large), replacing: nil)
                        }
                    }
                })
            #expect(outcomes == ["done", "done", "done", "done"])
            #expect(try await database.number("SELECT count(DISTINCT xmin::text) FROM django_session") == 4)
            let loaded = try await store.loads.load(key("large2"))
            #expect(loaded?.data.count == 700_000)
        }
    }

    @Test("loads that wait together are answered by one statement, each with its own row")
    func loads() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let store = try database.store()
            for index in 0..<20 { try await store.create(key("s\(index)x"), record("data \(index)"), replacing: nil) }
            let expired = EncodedRecord(data: Array("late".utf8), expireDate: SessionEngine.systemTime() - 1)
            try await store.create(key("expired"), expired, replacing: nil)
            // A key that would break out of an array literal.
            let names = (0..<20).map { key("s\($0)x") } + [key("expired"), "aaaaaaaa,{\"\\", key("s3x"), "unbekannt-ü"]
            var found = [String?](repeating: nil, count: names.count)
            await concurrently(
                names.indices.map { index in
                    {
                        let record = try? await store.loads.load(names[index])
                        found[index] = record.map { String(decoding: $0.data, as: UTF8.self) }
                    }
                })
            #expect(found == (0..<20).map { "data \($0)" } + ["late", nil, "data 3", nil])
            #expect(try await store.load(key("expired"), now: SessionEngine.systemTime()) == .expired)
        }
    }

    @Test("rows are found by their keys, however small the table was when it was analysed", arguments: [0, 5, 2000])
    func plans(rows: Int) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            try await database.run(
                """
                INSERT INTO django_session SELECT md5(n::text), 'x', now() + interval '1 day' FROM generate_series(1, \(rows)) n
                """)
            try await database.run("ANALYZE django_session")
            let store = try database.store()
            for name in ["first", "second"] {
                try await store.create(key(name), record("old"), replacing: nil)
                #expect(try await store.loads.load(key(name)) != nil)
                try await store.update(key(name), record("new"), loaded: nil)
            }
            try await store.create(key("cycled"), record("new"), replacing: key("first"))
            try await store.delete(key("second"))
            // A connection's figures are written at its end.
            store.close()
            let byKey =
                "SELECT sum(idx_scan)::bigint FROM pg_stat_user_indexes WHERE indexrelname NOT LIKE '%expire_date%'"
            while try await database.number(byKey + " AND schemaname = current_schema()") == 0 {
                await EventLoop.sleep(for: .milliseconds(20))
            }
            let others = """
                SELECT seq_tup_read + (SELECT sum(idx_scan)::bigint FROM pg_stat_user_indexes
                    WHERE indexrelname LIKE '%expire_date%' AND schemaname = current_schema())
                FROM pg_stat_user_tables WHERE relname = 'django_session' AND schemaname = current_schema()
                """
            #expect(try await database.number(others) == 0)
        }
    }
}
