import DatabaseSessions
import DjangoFormat
import EventLoop
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import Accounts

@Suite("The table of users' sessions")
struct SessionListKeeperTests {
    @Test("what is written to django_session is listed, if it is a user's, and goes with its session")
    func changes() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            let before = bench.engine.now
            let (alice, bob) = (try await bench.login(1), try await bench.login(2))
            _ = try await bench.engine.stored(["basket": 1])
            await keeper.catchUp()
            #expect(try await bench.listed() == ["1 \(alice)", "2 \(bob)"])
            #expect(try await bench.queued() == 0)
            let unknown = "SELECT count(*) FROM sessiond_session WHERE address IS NULL AND device IS NULL"
            #expect(try await bench.database.number(unknown + " AND last_seen <= now() AND created <= now()") == 2)
            for column in ["created", "last_seen"] {
                let first = try await bench.database.number("SELECT min(\(column)) FROM sessiond_session")
                #expect(PostgresTime.unixTime(try #require(first)) >= before - 1_000_000)
            }
            try await bench.engine.session(nil).delete(alice)
            await keeper.catchUp()
            #expect(try await bench.listed() == ["2 \(bob)"])
            keeper.close()
            bench.store.close()
        }
    }

    @Test("a session becomes a user's when he logs in, and is nobody's when its data is gone")
    func owners() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            let key = try await bench.engine.stored(["basket": 1])
            await keeper.catchUp()
            #expect(try await bench.listed().isEmpty)
            let session = bench.engine.session(key)
            try await session.set("_auth_user_id", to: "7")
            try await session.save()
            await keeper.catchUp()
            #expect(try await bench.listed() == ["7 \(key)"])
            session.clear()
            try await session.save()
            await keeper.catchUp()
            #expect(try await bench.listed().isEmpty)
            keeper.close()
            bench.store.close()
        }
    }

    @Test("large sessions are read alone; foreign, corrupt and odd ones are nobody's")
    func odd() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            var random = SplitMix64(seed: 3)
            let noise = String((0..<200_000).map { _ in "0123456789abcdef".randomElement(using: &random) ?? "x" })
            let large = try await bench.engine.stored(["_auth_user_id": "3", "noise": .string(noise)])
            let size = try await bench.database.number("SELECT max(octet_length(session_data)) FROM django_session")
            #expect(try #require(size) > 65536)
            for id in ["", "x", "1.5", "99999999999999999999", .null] as [JSONValue] {
                _ = try await bench.engine.stored(["_auth_user_id": id])
            }
            let foreign = SessionCodec(secretKey: "another key")
            let text = String(decoding: try foreign.encode(["_auth_user_id": "9"], at: 1_700_000_000), as: UTF8.self)
            try await bench.database.run(
                "INSERT INTO django_session VALUES ('foreign', '\(text)', 'infinity'), ('corrupt', 'x', 'infinity')")
            await keeper.catchUp()
            #expect(try await bench.listed() == ["3 \(large)"])
            #expect(try await bench.queued() == 0)
            keeper.close()
            bench.store.close()
        }
    }

    @Test("sessions that were there before are listed, without a time at which they began")
    func present() async throws {
        try await onLoop {
            let bench = try await ListBench(sessionList: false)
            let key = try await bench.login(1)
            try await bench.migrate()
            let keeper = try bench.keeper()
            keeper.add(bench.visit(key, 1, bench.engine.now))
            await keeper.catchUp()
            let condition = "session_key = '\(key)' AND created = 'epoch' AND last_seen > now() - interval '1 minute'"
            #expect(try await bench.database.number("SELECT count(*) FROM sessiond_session WHERE \(condition)") == 1)
            keeper.close()
            bench.store.close()
        }
    }

    @Test("TRUNCATE empties the list")
    func truncate() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            _ = try await bench.login(1)
            await keeper.catchUp()
            #expect(try await bench.listed().count == 1)
            try await bench.database.run("TRUNCATE django_session")
            await keeper.catchUp()
            #expect(try await bench.listed().isEmpty)
            keeper.close()
            bench.store.close()
        }
    }

    @Test("two workers take the queue together, while sessions begin and end")
    func twoWorkers() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keepers = [try bench.keeper(), try bench.keeper()]
            let users = Users(bench)
            await concurrently((1...300).map { id in { await users.login(id) } })
            typealias Body = @EventLoop () async -> Void
            let drains: [Body] = keepers.map { keeper in { for _ in 0..<5 { await keeper.catchUp() } } }
            let logins: [Body] = (301...400).map { id in { await users.login(id) } }
            let logouts: [Body] = (1...100).map { id in { await users.logout(id) } }
            await concurrently(drains + logins + logouts)
            for keeper in keepers { await keeper.catchUp() }
            #expect(try await bench.listed() == users.listed)
            #expect(users.listed.count == 300)
            #expect(try await bench.queued() == 0)
            for keeper in keepers { keeper.close() }
            bench.store.close()
        }
    }

    @Test("a change whose session or entry somebody holds locked waits in the queue, and holds up no other")
    func locked() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            let (alice, bob) = (try await bench.login(1), try await bench.login(2))
            let other = try bench.database.anotherClient()
            let lock = Statement("SELECT 1 FROM django_session WHERE session_key = '\(alice)' FOR UPDATE")
            _ = try await other.execute([Query(Statement("BEGIN")), Query(lock)])
            await keeper.catchUp()
            #expect(try await bench.listed() == ["2 \(bob)"])
            #expect(try await bench.queued() == 1)
            _ = try await other.execute(Statement("ROLLBACK"))
            await keeper.catchUp()
            #expect(try await bench.listed() == ["1 \(alice)", "2 \(bob)"])

            let entry = Statement("SELECT 1 FROM sessiond_session WHERE session_key = '\(bob)' FOR UPDATE")
            try await bench.engine.session(nil).delete(bob)
            _ = try await other.execute([Query(Statement("BEGIN")), Query(entry)])
            await keeper.catchUp()
            #expect(try await bench.queued() == 1)
            _ = try await other.execute(Statement("ROLLBACK"))
            await keeper.catchUp()
            #expect(try await bench.listed() == ["1 \(alice)"])
            #expect(try await bench.queued() == 0)
            other.close()
            keeper.close()
            bench.store.close()
        }
    }

    @Test("a worker that dies between the two halves of a batch gives it back")
    func givenBack() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let alice = try await bench.login(1)
            let dying = try bench.database.anotherClient()
            let result = try await dying.execute([
                Query(SessionListSQL.begin), Query(SessionListSQL.take, [.integer(64)]),
            ])
            #expect(result.last?.count == 1)
            let keeper = try bench.keeper()
            await keeper.catchUp()
            #expect(try await bench.listed().isEmpty)
            dying.close()
            for _ in 0..<100 where try await bench.listed().isEmpty {
                await EventLoop.sleep(for: .milliseconds(10))
                await keeper.catchUp()
            }
            #expect(try await bench.listed() == ["1 \(alice)"])
            keeper.close()
            bench.store.close()
        }
    }

    @Test("what a worker has read of a session counts no more where the session has changed since")
    func overtaken() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            let key = try await bench.engine.stored(["basket": 1])
            let slow = try bench.database.anotherClient()
            let taken = try await slow.execute([
                Query(SessionListSQL.begin), Query(SessionListSQL.take, [.integer(64)]),
            ])
            let version = try #require(taken.last?.string(0, 2))
            // Meanwhile he logs in, and another worker learns of it.
            let session = bench.engine.session(key)
            try await session.set("_auth_user_id", to: "7")
            try await session.save()
            await keeper.catchUp()
            #expect(try await bench.listed() == ["7 \(key)"])
            _ = try await slow.execute([
                Query(SessionListSQL.strike, [.textArray([key]), .textArray([version])]), Query(SessionListSQL.commit),
            ])
            #expect(try await bench.listed() == ["7 \(key)"])
            let late: [Parameter] = [
                .textArray([key]), .textArray([version]), .integerArray([5]), .timestampArray(unixTimes: [0]),
                .timestampArray(unixTimes: [0]),
            ]
            _ = try await slow.execute(SessionListSQL.enter, late)
            #expect(try await bench.listed() == ["7 \(key)"])
            slow.close()
            keeper.close()
            bench.store.close()
        }
    }

    @Test("visits are written together, for sessions that are there, and one in some minutes counts")
    func visits() async throws {
        try await onLoop {
            let bench = try await ListBench()
            let keeper = try bench.keeper()
            let key = try await bench.login(1)
            // The signature's time has whole seconds.
            let now = bench.engine.now + 1_000_000
            #expect(keeper.counts(key) && keeper.counts("nosuchsession"))
            keeper.add(bench.visit(key, 1, now))
            keeper.add(bench.visit("nosuchsession", 1, now))
            #expect(!keeper.counts(key))
            await keeper.catchUp()
            #expect(!keeper.counts(key))
            let result = try await bench.database.client.execute(
                Statement("SELECT session_key, address, device, last_seen FROM sessiond_session"))
            #expect(result.count == 1)
            #expect(result.string(0, 0) == key)
            #expect(result.string(0, 1) == "203.0.113.0/24")
            #expect(result.string(0, 2) == "Firefox on Linux")
            #expect(PostgresTime.unixTime(result.integer(0, 3) ?? 0) == now)
            #expect(keeper.counts("nosuchsession"), "it was not there; its next visit counts")
            keeper.close()
            bench.store.close()
        }
    }

    @Test("a database without the list is left alone, and the list used while it is there")
    func withoutTables() async throws {
        try await onLoop {
            let bench = try await ListBench(sessionList: false)
            let keeper = try bench.keeper()
            await keeper.catchUp()
            #expect(!keeper.isAvailable)
            try await bench.migrate()
            await keeper.catchUp()
            #expect(keeper.isAvailable)
            try await Migrator(client: bench.database.client).removeSessionList()
            let left = "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'django_session'::regclass AND NOT tgisinternal"
            #expect(try await bench.database.number(left) == 0)
            #expect(try await Migrator(client: bench.database.client).pending(of: Migration.sessionList).count == 2)
            _ = try await bench.login(1)
            await keeper.catchUp()
            #expect(!keeper.isAvailable)
            keeper.close()
            bench.store.close()
        }
    }
}

/// Users by number, with a session each.
@EventLoop
private final class Users {
    private let bench: ListBench
    private var keys: [Int: String] = [:]

    init(_ bench: ListBench) { self.bench = bench }

    func login(_ id: Int) async { keys[id] = try? await bench.login(id) }

    func logout(_ id: Int) async {
        guard let key = keys.removeValue(forKey: id) else { return }
        try? await bench.engine.session(nil).delete(key)
    }

    /// As ``ListBench/listed()``.
    var listed: [String] { keys.map { "\($0.key) \($0.value)" }.sorted() }
}
