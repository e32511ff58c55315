import EventLoop
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import DatabaseSessions

@Suite("Migrations and the removal of expired sessions")
struct MaintenanceTests {
    @Test("migrations are applied once, also by two runs at once")
    func migrations() async throws {
        try await onLoop {
            let database = try await TestDatabase(migrated: false)
            let migrator = Migrator(client: database.client)
            let other = Migrator(client: try database.anotherClient())
            #expect(try await migrator.pending().map(\.name) == ["0001_initial"])
            var applied: [Bool] = []
            await concurrently([
                { if let result = try? await migrator.apply(Migration.all[0]) { applied.append(result) } },
                { if let result = try? await other.apply(Migration.all[0]) { applied.append(result) } },
            ])
            #expect(applied.count == 2 && applied.count(where: \.self) == 1)
            #expect(try await migrator.pending().isEmpty)
            #expect(try await database.number("SELECT count(*) FROM django_migrations") == 1)
        }
    }

    @Test("only rows whose date has passed are removed, in batches, past locked ones")
    func clearExpired() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            try await database.run(
                "INSERT INTO django_session SELECT 'expired' || i, 'x', now() - interval '1 day' FROM generate_series(1, 25) AS i"
            )
            try await database.run(
                "INSERT INTO django_session SELECT 'current' || i, 'x', now() + interval '1 day' FROM generate_series(1, 5) AS i"
            )
            let expired = ExpiredSessions(client: database.client)
            let now = SessionEngine.systemTime()
            #expect(try await expired.count(now: now) == 25)
            var steps: [Int] = []
            #expect(
                try await expired.clear(now: now, inBatchesOf: 10) {
                    steps.append($0)
                    return true
                } == 25)
            #expect(steps == [10, 20, 25])
            #expect(try await database.number("SELECT count(*) FROM django_session") == 5)
            try await database.run("UPDATE django_session SET expire_date = now() - interval '1 day'")
            #expect(try await expired.clear(now: now, inBatchesOf: 2, pace: Pace(until: .now)) == 0)
            let long = Pace(rest: 1_000_000, until: .now + .seconds(60))
            #expect(try await expired.clear(now: now, inBatchesOf: 2, pace: long) == 2)
            #expect(try await expired.clearAtOnce(now: now) == 3)
            #expect(try await database.number("SELECT count(*) FROM django_session") == 0)
        }
    }

    @Test("between batches others have the server for a multiple of a batch's time")
    func clearingRests() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            try await database.run(
                "INSERT INTO django_session SELECT 'expired' || i, 'x', now() - interval '1 day' FROM generate_series(1, 2000) AS i"
            )
            // So that a batch takes a tenth of a second at least.
            try await database.run(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END'
                """)
            try await database.run(
                "CREATE TRIGGER slow AFTER DELETE ON django_session FOR EACH STATEMENT EXECUTE FUNCTION slow()")
            let expired = ExpiredSessions(client: database.client)
            let start = ContinuousClock.now
            var rested: Duration?
            let deleted = try await expired.clear(
                now: SessionEngine.systemTime(), inBatchesOf: 1000, pace: Pace(rest: 10)
            ) { _ in
                rested = rested ?? .now - start
                return true
            }
            #expect(deleted == 2000)
            // Asked after the first batch and its rest.
            #expect(try #require(rested) >= .milliseconds(1100))
        }
    }
}
