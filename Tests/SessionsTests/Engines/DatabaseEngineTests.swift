import DjangoFormat
import EventLoop
import TestSupport
import Testing

@testable import Sessions

/// Django's `DatabaseSessionTests`, and its twins with and without `USE_TZ`.
@Suite("The db engine")
struct DatabaseEngineTests {
    @EventLoop
    private static func engine(_ database: TestDatabase, useTZ: Bool) throws -> SessionEngine {
        var settings = SessionSettings()
        settings.useTZ = useTZ
        return SessionEngine(store: try database.store(), codec: testCodec(), settings: settings)
    }

    @Test("session get decoded", arguments: [true, false])
    func sessionGetDecoded(useTZ: Bool) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let session = try Self.engine(database, useTZ: useTZ).session(nil)
            try await session.set("x", to: 1)
            try await session.save()
            let key = try #require(session.sessionKey)
            let text = try #require(try await database.data(key))
            #expect(session.decode(text) == ["x": 1])
        }
    }

    @Test("sessionmanager save", arguments: [true, false])
    func sessionManagerSave(useTZ: Bool) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let engine = try Self.engine(database, useTZ: useTZ)
            let session = engine.session(nil)
            try await session.set("y", to: 1)
            try await session.save()
            // Another program writes the row.
            let text = try session.encode(["y": 2])
            try await database.run("UPDATE django_session SET session_data = '\(text)'")
            #expect(try await engine.session(session.sessionKey)["y"] == 2)
        }
    }

    @Test("clearsessions command, aclear expired", arguments: [true, false])
    func clearExpired(useTZ: Bool) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let engine = try Self.engine(database, useTZ: useTZ)
            let count = "SELECT count(*) FROM django_session"
            #expect(try await database.number(count) == 0)
            for expiry in [SessionExpiry.seconds(3600), .seconds(-3600), .duration(.seconds(-3600)), .default] {
                let session = engine.session(nil)
                try await session.set("foo", to: "bar")
                try await session.setExpiry(expiry)
                try await session.save()
            }
            #expect(try await database.number(count) == 4)
            #expect(try await engine.clearExpired() == 2)
            #expect(try await database.number(count) == 2)
        }
    }

    @Test("the row ends when the session does", arguments: [true, false])
    func expireDate(useTZ: Bool) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let session = try Self.engine(database, useTZ: useTZ).session(nil)
            let date: Int64 = 1_900_000_000_123_456
            try await session.setExpiry(.date(date))
            try await session.save()
            let sql = "SELECT (extract(epoch FROM expire_date) * 1000000)::bigint FROM django_session"
            #expect(try await database.number(sql) == date)
        }
    }
}
