@testable import CacheSessions
import EventLoop
import Logging
import TestSupport
import Testing

@EventLoop
func redisClient(_ url: String, limit: Duration = .seconds(5)) throws -> RedisClient {
    RedisClient(try RedisOptions(url), limit: limit, logger: Logger(label: "test"))
}

extension RedisClient {
    func run(_ words: String..., patiently: Bool = true) async throws(CacheError) -> RedisReply {
        try await command(words.map { Array($0.utf8) }, patiently: patiently)
    }
}

func bytes(_ text: String) -> RedisReply { .bytes(Array(text.utf8)) }

@Suite("The connection to Redis")
struct RedisClientTests {
    @Test("Commands are answered, each its own caller, any bytes kept")
    func commands() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url())
            let value: [UInt8] = [0, 0x0D, 0x0A, 0xFF, 0x22]
            #expect(try await client.command([Array("SET".utf8), Array("k".utf8), value]) == .status("OK"))
            #expect(try await client.run("GET", "k") == .bytes(value))
            #expect(try await client.run("GET", "missing") == .none)
            #expect(try await client.run("DEL", "k", "missing") == .integer(1))
            #expect(try await client.run("SET", "empty", "") == .status("OK"))
            #expect(try await client.run("GET", "empty") == .bytes([]))
            let long = String(repeating: "x", count: 3 << 20)
            #expect(try await client.run("SET", "long", long) == .status("OK"))
            #expect(try await client.run("GET", "long") == bytes(long))
            var wrong = 0
            await concurrently(
                (0..<1000).map { index in
                    { if (try? await client.run("ECHO", "\(index)")) != bytes("\(index)") { wrong += 1 } }
                })
            #expect(wrong == 0)
            client.close()
        }
    }

    @Test("An error of the server is the caller's own, and repeats no argument")
    func errors() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url())
            await #expect { try await client.run("NONSENSE", "secret") } throws: { error in
                "\(error)".hasPrefix("ERR unknown command") && !"\(error)".contains("secret")
            }
            #expect(try await client.run("PING") == .status("PONG"))
            client.close()
        }
    }

    @Test("The connection to a server that has become a replica is given up for a new one")
    func demotion() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url())
            let first = try await client.run("CLIENT", "ID")
            _ = try await client.run("REPLICAOF", "127.0.0.1", "1")
            await #expect { try await client.run("SET", "k", "v") } throws: { "\($0)".hasPrefix("READONLY") }
            #expect(try await client.run("CLIENT", "ID") != first)
            _ = try await client.run("REPLICAOF", "NO", "ONE")
            #expect(try await client.run("SET", "k", "v") == .status("OK"))
            client.close()
        }
    }

    @Test("Password and database are named before the first command")
    func opening() async throws {
        try await onLoop {
            let redis = try await TestRedis(["--requirepass", "p@ss"])
            let first = try redisClient("unix://:p%40ss@\(redis.socket)?db=3")
            #expect(try await first.run("SET", "k", "three") == .status("OK"))
            let named = try redisClient("unix://default:p%40ss@\(redis.socket)?db=0")
            #expect(try await named.run("GET", "k") == .none)
            #expect(try await named.run("SELECT", "3") == .status("OK"))
            #expect(try await named.run("GET", "k") == bytes("three"))
            for wrong in ["unix://:other@\(redis.socket)", redis.url(), "unix://:p%40ss@\(redis.socket)?db=99"] {
                let client = try redisClient(wrong, limit: .milliseconds(300))
                await #expect(throws: CacheError.self) { try await client.run("GET", "k") }
                client.close()
            }
            first.close()
            named.close()
        }
    }

    @Test("A host's name is looked up, and all of its addresses are tried")
    func hostName() async throws {
        try await onLoop {
            let client = try redisClient("redis://localhost:1")
            // The look-up and the attempts take their time beside other tests.
            var reason = ""
            let end = ContinuousClock.now + .seconds(60)
            while !reason.contains("refused"), ContinuousClock.now < end {
                do { _ = try await client.run("PING", patiently: false) } catch { reason = "\(error)" }
                await EventLoop.sleep(for: .milliseconds(50))
            }
            #expect(reason.contains("refused"))
            client.close()
            let unknown = try redisClient("redis://no-such-host.invalid", limit: .milliseconds(300))
            await #expect(throws: CacheError.self) { try await unknown.run("PING") }
            unknown.close()
        }
    }

    @Test("A server that is away is waited for until the time limit, or not at all")
    func away() async throws {
        try await onLoop {
            let client = try redisClient("unix:///nonexistent/redis.sock", limit: .milliseconds(400))
            let start = ContinuousClock.now
            await #expect(throws: CacheError.self) { try await client.run("PING") }
            #expect((.milliseconds(390)...(.seconds(30))).contains(ContinuousClock.now - start))
            // Many times without patience take less than one time with it.
            let second = ContinuousClock.now
            for _ in 0..<100 {
                await #expect(throws: CacheError.self) { try await client.run("PING", patiently: false) }
            }
            #expect(ContinuousClock.now - second < .seconds(30))
            client.close()
        }
    }

    @Test("A server that comes back is found within a second or so")
    func restart() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url())
            #expect(try await client.run("SET", "k", "v") == .status("OK"))
            for _ in 0..<3 {
                redis.stop()
                await #expect(throws: CacheError.self) { try await client.run("GET", "k", patiently: false) }
                EventLoop.schedule(after: .milliseconds(300)) { EventLoop.start { try? await redis.start() } }
                #expect(try await client.run("GET", "k") == .none)
            }
            client.close()
        }
    }

    @Test("A server that says nothing more is given up, and taken again when it does")
    func frozen() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url(), limit: .milliseconds(300))
            #expect(try await client.run("SET", "k", "v") == .status("OK"))
            redis.freeze()
            var failures = 0
            let start = ContinuousClock.now
            await concurrently(
                (0..<100).map { _ in { do { _ = try await client.run("GET", "k") } catch { failures += 1 } } })
            #expect(failures == 100)
            #expect(ContinuousClock.now - start < .seconds(20))
            redis.thaw()
            while (try? await client.run("GET", "k")) != bytes("v") {
                try #require(ContinuousClock.now - start < .seconds(30))
            }
            client.close()
        }
    }

    @Test("A command without time left is refused, and costs no other its answer")
    func late() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let connection = try RedisConnection(try RedisOptions(redis.url()).address)
            var refused = false
            var answer: RedisReply?
            await concurrently([
                {
                    let wait = ["BLPOP", "nothing", "0.5"].map { Array($0.utf8) }
                    do { _ = try await connection.send(wait, deadline: .now + .milliseconds(50)) } catch {
                        refused = true
                    }
                },
                { answer = try? await connection.send([Array("PING".utf8)], deadline: .now + .seconds(5)) },
            ])
            #expect(refused && answer == .status("PONG"))
            connection.lose("closed")
        }
    }

    @Test("A connection that the server closes is made again before the next command")
    func idleLoss() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url())
            let operatorsClient = try redisClient(redis.url())
            for _ in 0..<5 {
                #expect(try await client.run("PING", patiently: false) == .status("PONG"))
                _ = try await operatorsClient.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                await EventLoop.sleep(for: .milliseconds(300))
            }
            client.close()
            operatorsClient.close()
        }
    }

    @Test("Closing answers those who wait")
    func closing() async throws {
        try await onLoop {
            let redis = try await TestRedis()
            let client = try redisClient(redis.url())
            #expect(try await client.run("PING") == .status("PONG"))
            redis.freeze()
            EventLoop.schedule(after: .milliseconds(50)) { client.close() }
            let start = ContinuousClock.now
            await #expect(throws: CacheError.self) { try await client.run("GET", "k") }
            #expect(ContinuousClock.now - start < .seconds(10))
            await #expect(throws: CacheError.connectionLost("closed")) { try await client.run("GET", "k") }
            redis.thaw()
        }
    }
}
