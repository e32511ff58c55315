import EventLoop
import Logging
import TestSupport
import Testing

@testable import PostgreSQL

@Suite("PostgreSQL on the loop")
struct PostgreSQLTests {
    @Test("parameters of every kind arrive as they are")
    func parameters() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            let hostile = ["", "a,b", "{\"}", "\\", "NULL", "é\u{1F600}"]
            let statement = Statement(
                "SELECT $1::text, $2::bigint, $3::boolean, cardinality($4::text[]), ($4::text[])[4], $5::timestamptz = 'epoch', $6::text IS NULL"
            )
            let result = try await client.execute(
                statement,
                [
                    .text("a'b\"\\"), .integer(-5), .boolean(true), .textArray(hostile), .timestamp(unixTime: 0),
                    .text(nil as String?),
                ])
            #expect(result.string(0, 0) == "a'b\"\\")
            #expect(result.integer(0, 1) == -5)
            #expect(result.integer(0, 2) == 1)
            #expect(result.integer(0, 3) == 6)
            #expect(result.string(0, 4) == "\\")
            #expect(result.integer(0, 5) == 1)
            #expect(result.integer(0, 6) == 1)
            #expect(result.string(1, 0) == nil && result.string(0, 99) == nil && result.string(-1, 0) == nil)
            let echo = Statement("SELECT * FROM unnest($1::text[])")
            let rows = try await client.execute(echo, [.textArray(hostile)])
            #expect((0..<rows.count).map { rows.string($0, 0) } == hostile)
            #expect(try await client.execute(echo, [.textArray([] as [String])]).count == 0)
        }
    }

    @Test("queries sent together are one transaction")
    func transaction() async throws {
        try await onLoop {
            let database = try await TestDatabase(migrated: false)
            try await database.run("CREATE TABLE numbers (n int PRIMARY KEY)")
            let insert = Statement("INSERT INTO numbers VALUES ($1)")
            let error = await #expect(throws: PostgresError.self) {
                _ = try await database.client.execute(
                    [Query(insert, [.integer(1)]), Query(insert, [.integer(2)]), Query(insert, [.integer(1)])])
            }
            guard case .server(let serverError) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(serverError.sqlState == "23505")
            // DETAIL would quote the value.
            #expect(!serverError.description.contains("(1)"))
            #expect(try await database.number("SELECT count(*) FROM numbers") == 0)
        }
    }

    @Test("a connection that was cut is made anew for the next statement")
    func reconnects() async throws {
        try await onLoop {
            let database = try await TestDatabase(migrated: false)
            await #expect(throws: PostgresError.self) {
                try await database.run("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(try await database.number("SELECT 1") == 1)
        }
    }

    @Test("a connection that ends at any step of a statement leaves no caller waiting", .timeLimit(.minutes(1)))
    func endsAtAnyStep() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            for steps in 0..<20 {
                var answers: [Int64?] = []
                await concurrently([
                    { answers.append(try? await client.execute(Statement("SELECT 1")).integer(0, 0)) },
                    { answers.append(try? await client.execute(Statement("SELECT 1")).integer(0, 0)) },
                    {
                        // The loop's jobs run in order, so that each number of steps meets another moment.
                        for _ in 0..<steps { await Task.yield() }
                        client.connection?.lose("cut")
                    },
                ])
                #expect(answers.count == 2)
                #expect(try await client.execute(Statement("SELECT 1")).integer(0, 0) == 1)
            }
        }
    }

    @Test("connections that do not last until a statement's end are not made anew without a pause")
    func noSpin() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            let end = ContinuousClock.now + .seconds(1)
            var attempts = 0
            while ContinuousClock.now < end {
                _ = try? await client.execute(Statement("SELECT pg_terminate_backend(pg_backend_pid())"))
                attempts += 1
            }
            #expect(attempts < 8)
            #expect(try await client.execute(Statement("SELECT 1")).integer(0, 0) == 1)
        }
    }

    @Test("a client that is closed while it connects keeps no connection")
    func closedWhileConnecting() async throws {
        try await onLoop {
            let database = try await TestDatabase(migrated: false)
            let client = try database.anotherClient()
            client.connectInBackground()
            await concurrently([
                { _ = await client.waitUntilConnected() },
                { client.close() },
            ])
            await EventLoop.sleep(for: .milliseconds(200))
            #expect(!client.isConnected)
            await #expect(throws: PostgresError.self) { _ = try await client.execute(Statement("SELECT 1")) }
        }
    }

    @Test("callers of one connection take their turns, and closing it answers them all")
    func turns() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            var order: [Int64?] = []
            await concurrently(
                (Int64(0)..<50).map { index in
                    {
                        let statement = Statement("SELECT $1::bigint, pg_sleep(0.002)")
                        order.append(try? await client.execute(statement, [.integer(index)]).integer(0, 0))
                        if index == 29 { client.close() }
                    }
                })
            #expect(order == (Int64(0)..<30).map { $0 } + [Int64?](repeating: nil, count: 20))
        }
    }

    @Test("a prepared statement that the server has forgotten is made anew")
    func forgottenStatement() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            let statement = Statement("SELECT 7")
            #expect(try await client.execute(statement).integer(0, 0) == 7)
            _ = try await client.execute(Statement("DEALLOCATE ALL"))
            let error = await #expect(throws: PostgresError.self) { _ = try await client.execute(statement) }
            #expect(error?.isSafeToRetry == true)
            #expect(try await client.execute(statement).integer(0, 0) == 7)
        }
    }

    @Test("dates beyond either calendar arrive as the nearest that the server has, infinity is read")
    func extremeDates() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            for time in [Int64.min, -62_135_596_800_000_000, 0, 253_402_300_799_999_999, Int64.max] {
                let echo = Statement("SELECT $1::timestamptz, ($2::timestamptz[])[1]")
                let result = try await client.execute(
                    echo, [.timestamp(unixTime: time), .timestampArray(unixTimes: [time])])
                let expected = PostgresTime.fromUnix(time)
                #expect(result.integer(0, 0) == expected && result.integer(0, 1) == expected)
            }
            let result = try await client.execute(
                Statement("SELECT 'infinity'::timestamptz, '-infinity'::timestamptz, '294276-12-31'::timestamptz"))
            #expect(PostgresTime.unixTime(try #require(result.integer(0, 0))) == .max)
            #expect(PostgresTime.unixTime(try #require(result.integer(0, 1))) < -62_135_596_800_000_000)
            #expect(PostgresTime.unixTime(try #require(result.integer(0, 2))) > 253_402_300_799_999_999)
        }
    }

    @Test("settings of a connection keep their spaces and win over the connection string's")
    func settings() async throws {
        try await onLoop {
            let url = try await TestDatabase(migrated: false).url
            let own = url.replacing("options=", with: "options=-cstatement_timeout%3D7s%20")
            let options = try ConnectionOptions(
                own, settings: ["default_transaction_isolation": "repeatable read", "statement_timeout": "9000"])
            let client = PostgresClient(
                options, role: "test", statementLimit: .seconds(5), logger: Logger(label: "test"))
            let show = Statement(
                "SELECT current_setting('transaction_isolation'), current_setting('statement_timeout')")
            let result = try await client.execute(show, deadline: .now + .seconds(5))
            #expect(result.string(0, 0) == "repeatable read" && result.string(0, 1) == "9s")
        }
    }

    @Test("a statement that takes too long counts as a lost connection")
    func statementLimit() async throws {
        try await onLoop {
            let url = try await TestDatabase(migrated: false).url
            let client = PostgresClient(
                try ConnectionOptions(url), role: "test", statementLimit: .milliseconds(500),
                logger: Logger(label: "test"))
            let error = await #expect(throws: PostgresError.self) {
                _ = try await client.execute(Statement("SELECT pg_sleep(5)"), deadline: .now + .seconds(5))
            }
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            var answer: Int64?
            for _ in 0..<50 where answer == nil {
                answer = try? await client.execute(Statement("SELECT 1")).integer(0, 0)
            }
            #expect(answer == 1)
        }
    }

    @Test("a connection that ends while it is idle is made again before anybody needs it")
    func idleLoss() async throws {
        try await onLoop {
            let database = try await TestDatabase(migrated: false)
            let client = PostgresClient(
                try ConnectionOptions(database.url), role: "test", statementLimit: .seconds(5), logger: nil)
            let number = try await client.execute(Statement("SELECT pg_backend_pid()"), deadline: .now + .seconds(5))
            let process = try #require(number.integer(0, 0))
            #expect(client.connectionsMade == 1)
            try await database.run("SELECT pg_terminate_backend(\(process))")
            let end = ContinuousClock.now + .seconds(10)
            while client.connectionsMade < 2 || !client.isConnected, .now < end {
                await EventLoop.sleep(for: .milliseconds(10))
            }
            #expect(client.connectionsMade == 2 && client.isConnected)
            client.close()
        }
    }

    @Test("without a server a statement fails at its deadline")
    func noServer() async throws {
        try await onLoop {
            let client = PostgresClient(
                try ConnectionOptions("postgresql:///x?host=/nonexistent"), role: "test", statementLimit: .seconds(1),
                logger: Logger(label: "test"))
            let start = ContinuousClock.now
            await #expect(throws: PostgresError.self) {
                _ = try await client.execute(Statement("SELECT 1"), deadline: start + .milliseconds(200))
            }
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            client.close()
        }
    }

    @Test("of several hosts the first that answers is taken")
    func severalHosts() async throws {
        try await onLoop {
            let url = try await TestDatabase(migrated: false).url
            let host = try #require(url.firstRange(of: "host="))
            let several = url.replacingCharacters(in: host, with: "host=/nonexistent,")
            let client = PostgresClient(
                try ConnectionOptions(several), role: "test", statementLimit: .seconds(5), logger: Logger(label: "test")
            )
            #expect(try await client.execute(Statement("SELECT 1"), deadline: .now + .seconds(5)).integer(0, 0) == 1)
        }
    }

    @Test(
        "a connection string that libpq refuses is an error that does not repeat it",
        arguments: [
            "postgresql://user:s3cret%zz@host/", "secret", "password=s3cret nonsense=1",
            "postgresql://u@h:1,h:2,h:3/x?hostaddr=1,2",
        ])
    func badConnectionString(text: String) {
        let error = #expect(throws: InvalidConnectionString.self) { try ConnectionOptions(text) }
        #expect(error.map { !"\($0)".contains("cret") } ?? false)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
