import DatabaseSessions
import DjangoFormat
import EventLoop
import Logging
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import Accounts

@Suite("The list of a user's sessions")
struct SessionListTests {
    private static let settings = AccountSettings(secretKey: testSecretKey)
    private static let alice = User(id: 1, username: "alice", password: "pbkdf2_sha256$1$a$x")
    private static let bob = User(id: 2, username: "bob", password: "pbkdf2_sha256$1$b$x")

    /// A list on a bench, closed at the end.
    private static func run(
        sessionList: Bool = true, _ body: @escaping @EventLoop @Sendable (SessionList, ListBench) async throws -> Void
    ) async throws {
        try await onLoop {
            let bench = try await ListBench(sessionList: sessionList)
            let list = try SessionList(
                bench.engine, settings, reader: bench.database.client, codec: testCodec(), database: bench.database.url,
                logger: Logger(label: "test"))
            try await body(list, bench)
            list.close()
            bench.store.close()
        }
    }

    @EventLoop
    private static func login(_ user: User, _ bench: ListBench, secretKey: String = testSecretKey) async throws
        -> String
    {
        try await bench.engine.stored([
            "_auth_user_id": .string("\(user.id)"), "_auth_user_backend": "some.Backend",
            "_auth_user_hash": .string(user.sessionAuthHash(secretKey: secretKey)),
        ])
    }

    @EventLoop
    private static func isLoggedIn(_ key: String, _ bench: ListBench) async throws -> Bool {
        try await bench.engine.session(key)["_auth_user_id"] != nil
    }

    @Test("shows the user's own, by names that are not their keys")
    func own() async throws {
        try await Self.run { list, bench in
            let keys = [try await Self.login(Self.alice, bench), try await Self.login(Self.alice, bench)]
            _ = try await Self.login(Self.bob, bench)
            let sessions = try #require(try await list.sessions(of: Self.alice))
            #expect(Set(sessions.map(\.key)) == Set(keys))
            #expect(Set(sessions.map(\.id)).count == 2)
            for session in sessions {
                #expect(session.id.utf8.count == 32 && !keys.contains { $0.contains(session.id.prefix(6)) })
                let text = String(decoding: try JSON.encode(.object(session.json)), as: UTF8.self)
                #expect(!text.contains(session.key))
            }
            #expect(try await list.sessions(of: Self.alice) == sessions)
        }
    }

    @Test("shows no session that counts for nothing: of another password, expired, ended elsewhere")
    func dead() async throws {
        try await Self.run { list, bench in
            let old = User(id: 1, username: "alice", password: "another")
            _ = try await Self.login(old, bench)
            let expired = try await Self.login(Self.alice, bench)
            try await bench.database.run(
                "UPDATE django_session SET expire_date = now() - interval '1 s' WHERE session_key = '\(expired)'")
            let gone = try await Self.login(Self.alice, bench)
            #expect(try await list.sessions(of: Self.alice)?.map(\.key) == [gone])
            try await bench.engine.session(nil).delete(gone)
            #expect(try await list.sessions(of: Self.alice) == [])
        }
    }

    @Test("ends one: its key is worth nothing from then on, and a save that comes late does not bring it back")
    func endOne() async throws {
        try await Self.run { list, bench in
            let (key, other) = (try await Self.login(Self.alice, bench), try await Self.login(Self.alice, bench))
            let underWay = bench.engine.session(key)
            try await underWay.set("basket", to: 1)
            let session = try #require(try await list.sessions(of: Self.alice)?.first { $0.key == key })
            try await list.end([session], of: Self.alice)
            #expect(try await !Self.isLoggedIn(key, bench))
            #expect(try await Self.isLoggedIn(other, bench))
            await #expect(throws: SessionStoreError.keyGone) { try await underWay.save() }
            #expect(try await list.sessions(of: Self.alice)?.map(\.key) == [other])
        }
    }

    @Test("ends nobody else's, whatever the table says")
    func foreign() async throws {
        try await Self.run { list, bench in
            let (alices, bobs) = (try await Self.login(Self.alice, bench), try await Self.login(Self.bob, bench))
            let stolen = try #require(try await list.sessions(of: Self.bob))
            try await list.end(stolen, of: Self.alice)
            #expect(try await Self.isLoggedIn(bobs, bench))
            try await bench.database.run("UPDATE sessiond_session SET user_id = 1")
            #expect(try await list.sessions(of: Self.alice)?.map(\.key) == [alices])
            #expect(try await list.endAll(of: Self.alice) == 1)
            #expect(try await Self.isLoggedIn(bobs, bench))
            #expect(try await !Self.isLoggedIn(alices, bench))
        }
    }

    @Test("finds a session that was seen before more than a page of those that have expired")
    func expiredPage() async throws {
        try await Self.run { list, bench in
            let key = try await Self.login(Self.alice, bench)
            #expect(try await list.sessions(of: Self.alice)?.count == 1)
            try await bench.database.run(
                """
                INSERT INTO django_session SELECT md5(n::text), session_data, now() - interval '1 s'
                FROM django_session, generate_series(1, \(SessionList.pageSize + 3)) AS n
                """)
            #expect(try await list.sessions(of: Self.alice)?.map(\.key) == [key])
            #expect(try await bench.listed().count == SessionList.pageSize + 4)
            #expect(try await list.endAll(of: Self.alice) == 1)
            #expect(try await !Self.isLoggedIn(key, bench))
        }
    }

    @Test("ends all but one, however many there are, those of an older password too")
    func endAll() async throws {
        try await Self.run { list, bench in
            let kept = try await Self.login(Self.alice, bench)
            for _ in 0..<(2 * SessionList.pageSize + 7) { _ = try await Self.login(Self.alice, bench) }
            _ = try await Self.login(User(id: 1, username: "alice", password: "another"), bench)
            let bobs = try await Self.login(Self.bob, bench)
            #expect(try await list.sessions(of: Self.bob)?.count == 1)
            // What is told of the sessions that end now lies behind much else.
            try await bench.database.run(
                "INSERT INTO sessiond_session_change SELECT 'gone' || n, now() FROM generate_series(1, 20000) AS n")
            #expect(try await list.endAll(of: Self.alice, except: kept) == 2 * SessionList.pageSize + 8)
            #expect(try await bench.database.number("SELECT count(*) FROM django_session") == 2)
            #expect(try await Self.isLoggedIn(kept, bench))
            #expect(try await Self.isLoggedIn(bobs, bench))
            #expect(try await list.endAll(of: Self.alice, except: kept) == 0)
        }
    }

    private static let users = """
        CREATE TABLE auth_user AS
            SELECT n AS id, 'user' || n AS username, 'x'::text AS password, true AS is_active, n = 1 AS is_staff,
                false AS is_superuser, now() AS last_login
            FROM generate_series(1::bigint, 3) AS n
        """

    @Test("reads a session with the user whom the list has for it, those of many in one statement")
    func hints() async throws {
        try await Self.run { list, bench in
            try await bench.database.run(Self.users)
            let letters = (0..<70_000).map { _ in Character(UnicodeScalar(UInt8.random(in: 97...122))) }
            let large = JSONValue.string(JSONString(String(letters)))
            let alices = try await Self.login(Self.alice, bench)
            let largeOne = try await bench.engine.stored(["_auth_user_id": "2", "basket": large])
            let nobodys = try await bench.engine.stored(["_auth_user_id": "9"])
            let expired = try await Self.login(Self.bob, bench)
            try await bench.database.run(
                "UPDATE django_session SET expire_date = now() - interval '1 s' WHERE session_key = '\(expired)'")
            _ = try await list.sessions(of: Self.alice)
            let fresh = try await Self.login(Self.bob, bench)
            try await bench.database.run("UPDATE sessiond_session SET user_id = 3 WHERE session_key = '\(nobodys)'")
            var found: [String: (SessionLookup, User?)] = [:]
            let unknown = ["unknown", String(repeating: "k", count: 41), "a\0b"]
            let keys = [alices, largeOne, nobodys, expired, fresh] + unknown
            await concurrently(
                keys.map { key in { found[key] = try? await list.read(key, now: bench.engine.now) } })
            #expect(found.count == keys.count)
            #expect(found[alices]?.0.session?.data["_auth_user_id"] == "1")
            #expect(found[alices]?.1?.username == "user1" && found[alices]?.1?.isStaff == true)
            #expect(found[largeOne]?.0.session?.data["basket"] == large && found[largeOne]?.1?.id == 2)
            #expect(found[nobodys]?.0.session?.data == ["_auth_user_id": "9"] && found[nobodys]?.1?.id == 3)
            #expect(found[expired]?.0 == .expired)
            #expect(found[fresh]?.0.session?.data["_auth_user_id"] == "2" && found[fresh]?.1.map { $0.id == 2 } ?? true)
            for key in unknown { #expect(found[key]?.0 == .unknown) }
            let row = try await bench.store.load(alices, now: bench.engine.now)
            #expect(found[alices]?.0 == row)
        }
    }

    @Test("leaves it to the engine to read a session where the server refuses")
    func noHints() async throws {
        try await Self.run { list, bench in
            let key = try await Self.login(Self.alice, bench)
            #expect(try await list.read(key, now: bench.engine.now) == nil)
            _ = try await list.sessions(of: Self.alice)
            // There is no table of users.
            #expect(try await list.read(key, now: bench.engine.now) == nil)
            try await bench.database.run(Self.users)
            #expect(try await list.read(key, now: bench.engine.now) == nil)
        }
    }

    @Test("many who ask at once share statements, and each gets its own")
    func together() async throws {
        try await Self.run { list, bench in
            let keys = [1: try await Self.login(Self.alice, bench), 2: try await Self.login(Self.bob, bench)]
            typealias Body = @EventLoop () async -> Void
            let bodies: [Body] = (0..<100).map { index in
                let user = index.isMultiple(of: 2) ? Self.alice : Self.bob
                return {
                    let sessions = try? await list.sessions(of: user)
                    #expect(sessions?.map(\.key) == keys[Int(user.id)].map { [$0] })
                }
            }
            await concurrently(bodies)
        }
    }

    @Test("a database without the tables has no list")
    func none() async throws {
        try await Self.run(sessionList: false) { list, bench in
            _ = try await Self.login(Self.alice, bench)
            #expect(try await list.sessions(of: Self.alice) == nil)
            #expect(try await list.endAll(of: Self.alice) == nil)
            try await bench.migrate()
            #expect(try await list.sessions(of: Self.alice)?.count == 1)
        }
    }
}
