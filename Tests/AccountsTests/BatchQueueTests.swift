import EventLoop
import PostgreSQL
import TestSupport
import Testing

@testable import Accounts

/// A queue whose questions are numbers and whose answers their doubles, on a real server.
@EventLoop
private final class Doubler {
    /// The size of each statement, in order.
    var batches: [Int] = []
    let client: PostgresClient
    private static let statement = Statement("SELECT 6 / n, 2 * n FROM unnest($1::bigint[]) AS t (n)")
    private static let failure = Statement("SELECT 1 / 0")

    init(_ database: TestDatabase) throws { client = try database.anotherClient() }

    /// - Parameters:
    ///   - alone: which of several are to be asked alone.
    ///   - failing: how many statements fail before one is answered.
    func queue(
        limit: Duration = .seconds(10), alone: Set<Int64> = [], failing: Int = 0
    ) -> BatchQueue<Int64, Int64> {
        BatchQueue("test", client: client, limit: limit) { [unowned self] (numbers) async throws(PostgresError) in
            batches.append(numbers.count)
            if batches.count <= failing { _ = try await client.execute(Self.failure) }
            let result = try await client.execute(Self.statement, [.integerArray(numbers)])
            return numbers.indices.map { place in
                numbers.count > 1 && alone.contains(numbers[place]) ? nil : result.integer(place, 1)
            }
        }
    }
}

/// The answers to these questions at once; nil for one that failed.
@EventLoop
private func answers(_ queue: BatchQueue<Int64, Int64>, _ numbers: [Int64]) async -> [Int64: Int64?] {
    var found: [Int64: Int64?] = [:]
    var questions: [@EventLoop () async -> Void] = []
    for number in numbers { questions.append { found[number] = .some(try? await queue.answer(number)) } }
    await concurrently(questions)
    return found
}

@Suite("Questions in batches")
struct BatchQueueTests {
    @Test("who waits while a statement is in flight goes out in the next one")
    func batches() async throws {
        try await onLoop {
            let doubler = try Doubler(try await TestDatabase(migrated: false))
            let queue = doubler.queue()
            let found = await answers(queue, Array(1...600))
            #expect(found.count == 600 && found.allSatisfy { $1 == 2 * $0 })
            #expect(doubler.batches.count <= 4 && doubler.batches.max() == 256, "\(doubler.batches)")
        }
    }

    @Test("a question that fails its batch fails alone")
    func ownErrors() async throws {
        try await onLoop {
            let doubler = try Doubler(try await TestDatabase(migrated: false))
            // Six divided by none of them is an error of the whole statement.
            let found = await answers(doubler.queue(), [1, 0, 3])
            #expect(found == [1: 2, 0: nil, 3: 6])
            await #expect(throws: PostgresError.self) { _ = try await doubler.queue().answer(0) }
        }
    }

    @Test("a question that fails as the only one is asked once more", arguments: [(1, Int64?(14)), (2, nil)])
    func again(failing: Int, expected: Int64?) async throws {
        try await onLoop {
            let doubler = try Doubler(try await TestDatabase(migrated: false))
            let answer = try? await doubler.queue(failing: failing).answer(7)
            #expect(answer == expected)
            #expect(doubler.batches == [1, 1])
        }
    }

    @Test("what a batch leaves open is asked alone")
    func alone() async throws {
        try await onLoop {
            let doubler = try Doubler(try await TestDatabase(migrated: false))
            let found = await answers(doubler.queue(alone: [2]), [1, 2, 3])
            #expect(found == [1: 2, 2: 4, 3: 6])
            #expect(doubler.batches == [3, 1])
        }
    }

    @Test("what is asked alone holds up none of its batch")
    func aloneLast() async throws {
        try await onLoop {
            let doubler = try Doubler(try await TestDatabase(migrated: false))
            let queue = doubler.queue(alone: [1])
            var order: [Int64] = []
            await concurrently(
                ([1, 2, 3] as [Int64]).map { number in
                    {
                        _ = try? await queue.answer(number)
                        order.append(number)
                    }
                })
            #expect(order.last == 1 && order.count == 3 && doubler.batches == [3, 1])
        }
    }

    @Test("nobody waits past the deadline, and the queue works on")
    func deadline() async throws {
        try await onLoop {
            let database = try await TestDatabase(migrated: false)
            let doubler = try Doubler(database)
            let queue = doubler.queue(limit: .milliseconds(400))
            let lock = try await HeldLock(database, "SELECT pg_advisory_xact_lock(hashtext(current_schema()))")
            let wait = Statement("SELECT pg_advisory_xact_lock(hashtext(current_schema()))")
            var outcome: Int64?
            await concurrently([
                { _ = try? await doubler.client.execute(wait) },
                {
                    outcome = try? await queue.answer(1)
                    lock.release()
                },
            ])
            #expect(outcome == nil)
            for _ in 0..<50 where outcome == nil { outcome = try? await queue.answer(2) }
            #expect(outcome == 4)
        }
    }

    @Test("texts in an array are read as they are")
    func strings() async throws {
        try await onLoop {
            let client = try await TestDatabase(migrated: false).client
            @EventLoop func strings(_ sql: String) async throws -> [String]? {
                try await client.execute(Statement("SELECT \(sql)"), deadline: .now + .seconds(20)).strings(0, 0)
            }
            #expect(try await strings("ARRAY['a', '', 'é,\"{', 'NULL']") == ["a", "", "é,\"{", "NULL"])
            #expect(try await strings("ARRAY['x'::varchar(5)]") == ["x"])
            #expect(try await strings("ARRAY[]::text[]") == [])
            #expect(try await strings("ARRAY['a', NULL]") == nil)
            #expect(try await strings("ARRAY[['a'], ['b']]") == nil)
            #expect(try await strings("NULL::text[]") == nil)
            #expect(try await strings("'text'") == nil)
        }
    }
}
