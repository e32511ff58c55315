import DatabaseSessions
import EventLoop
import Logging
import Sessions
import TestSupport
import Testing

@testable import Accounts

@Suite("Slow guessing")
struct LoginLimitsTests {
    @Test("an account has so many attempts, from wherever, and each comes back after its share of the time")
    func account() async throws {
        try await onLoop {
            let site = try await LimitedSite()
            for number in 1...3 { #expect(try await site.count("alice", from: "203.0.\(number).1") != nil) }
            #expect(try await site.wait("alice", from: "203.0.4.1") == 60)
            #expect(try await site.count("bob", from: "203.0.4.1") != nil)
            site.clock.advance(seconds: 59)
            #expect(try await site.wait("alice", from: "203.0.5.1") == 1)
            site.clock.advance(seconds: 1)
            #expect(try await site.count("alice", from: "203.0.6.1") != nil)
            #expect(try await site.wait("alice", from: "203.0.7.1") == 60)
            site.clock.advance(seconds: 3600)
            for number in 1...3 { #expect(try await site.count("alice", from: "203.0.\(number).1") != nil) }
            #expect(try await site.wait("alice", from: "203.0.4.1") == 60)
        }
    }

    @Test("who asks too early waits no longer for it")
    func refusalsCostNothing() async throws {
        try await onLoop {
            let site = try await LimitedSite()
            for _ in 1...3 { try await site.count("alice", from: "203.0.113.1") }
            for _ in 1...50 { #expect(try await site.wait("alice", from: "203.0.113.1") == 60) }
            site.clock.advance(seconds: 60)
            #expect(try await site.count("alice", from: "203.0.113.1") != nil)
        }
    }

    @Test("an address has so many attempts, whatever the names; what it is refused counts against no account")
    func address() async throws {
        try await onLoop {
            let site = try await LimitedSite(address: "5/5m")
            for number in 1...5 { #expect(try await site.count("user\(number)", from: "203.0.113.1") != nil) }
            for _ in 1...20 { #expect(try await site.wait("alice", from: "203.0.113.1") == 60) }
            #expect(try await site.count("alice", from: "203.0.113.2") != nil)
            // Of one IPv6 visitor all addresses are one.
            for number in 1...5 { #expect(try await site.count("v\(number)", from: "2001:db8::\(number)") != nil) }
            #expect(try await site.count("alice", from: "2001:db8::ffff") == nil)
            #expect(try await site.count("alice", from: "2001:db9::1") != nil)
        }
    }

    @Test("where both limits are reached the longer wait counts")
    func longerWait() async throws {
        try await onLoop {
            let site = try await LimitedSite(account: "1/1h", address: "2/2m")
            #expect(try await site.count("alice", from: "203.0.113.1") != nil)
            #expect(try await site.wait("alice", from: "203.0.113.1") == 3600)
            #expect(try await site.wait("alice", from: "203.0.113.1") == 3600)
            #expect(try await site.wait("bob", from: "203.0.113.1") == 60)
        }
    }

    @Test("a right password gives back its own attempt and no other")
    func success() async throws {
        try await onLoop {
            let site = try await LimitedSite(address: "3/3m")
            for _ in 1...10 { try await site.logIn("alice", from: "203.0.113.1") }
            for _ in 1...2 { try await site.count("bob", from: "203.0.113.1") }
            // An attacker's own account does not make his address innocent.
            for _ in 1...10 { try await site.logIn("mallory", from: "203.0.113.1") }
            #expect(try await site.count("carol", from: "203.0.113.1") != nil)
            #expect(try await site.count("carol", from: "203.0.113.1") == nil)
        }
    }

    @Test("an attempt whose password was not looked at is given back, and makes no network known")
    func notLookedAt() async throws {
        try await onLoop {
            let site = try await LimitedSite(account: "1/1h")
            for _ in 1...5 {
                let login = try #require(try await site.count("alice", from: "203.0.113.1"))
                await site.workers[0].giveBack(login, isKnown: false)
            }
            #expect(try await site.database.number("SELECT count(known_until) FROM sessiond_login_limit") == 0)
        }
    }

    @Test("an attacker elsewhere does not lock out a user where he has logged in before")
    func knownNetwork() async throws {
        try await onLoop {
            let site = try await LimitedSite()
            try await site.logIn("alice", from: "203.0.113.7")
            for number in 1...20 { try await site.count("alice", from: "198.51.\(number).1") }
            #expect(try await site.wait("alice", from: "198.51.99.1") == 60)
            // The same address, and another of its network; of the attempts from there is one taken by each.
            for address in ["203.0.113.7", "203.0.113.200"] { try await site.logIn("alice", from: address) }
            #expect(try await site.count("alice", from: "203.0.114.7") == nil)
            // It is known for this user alone, and what is guessed from there is counted too.
            for _ in 1...3 { #expect(try await site.count("alice", from: "203.0.113.8") != nil) }
            #expect(try await site.wait("alice", from: "203.0.113.8") == 60)
            for _ in 1...3 { #expect(try await site.count("bob", from: "203.0.113.8") != nil) }
            #expect(try await site.count("bob", from: "198.51.100.1") == nil)
        }
    }

    @Test("a network stays known for 90 days after the last login there")
    func knownFor() async throws {
        try await onLoop {
            let site = try await LimitedSite(account: "1/30d")
            try await site.logIn("alice", from: "203.0.113.7")
            site.clock.advance(seconds: 80 * 86_400)
            try await site.logIn("alice", from: "203.0.113.7")
            site.clock.advance(seconds: 89 * 86_400)
            try await site.count("alice", from: "198.51.100.1")
            #expect(try await site.count("alice", from: "203.0.113.7") != nil)
            site.clock.advance(seconds: 2 * 86_400)
            #expect(try await site.count("alice", from: "203.0.113.9") == nil)
        }
    }

    @Test("guesses that come all at once, to two workers, do not slip through")
    func parallelGuesses() async throws {
        try await onLoop {
            let site = try await LimitedSite(account: "10/10m", address: "7/7m", workers: 2)
            var counted: [String: Int] = [:]
            var failed = 0
            @EventLoop func guess(_ number: Int, _ user: String, _ address: String) async {
                do {
                    guard try await site.count(user, from: address, worker: number % 2) != nil else { return }
                    counted["\(user) of all", default: 0] += 1
                    counted["\(address) of all", default: 0] += 1
                } catch { failed += 1 }
            }
            await concurrently(
                (0..<400).map { number in
                    { await guess(number, "alice", "10.\(number / 200).\(number % 200).1") }
                })
            #expect(counted["alice of all"] == 10 && failed == 0)
            counted = [:]
            await concurrently((0..<400).map { number in { await guess(number, "user\(number)", "203.0.113.1") } })
            #expect(counted["203.0.113.1 of all"] == 7 && failed == 0)
        }
    }

    @Test("workers that count the same accounts and addresses in every order do not block each other")
    func noDeadlocks() async throws {
        try await onLoop {
            let site = try await LimitedSite(account: "100000/1d", address: "100000/1d", workers: 3)
            let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            let before = try await site.database.number(deadlocks)
            var random = SplitMix64(seed: 7)
            var counted = 0
            for _ in 1...20 {
                let attempts = (0..<90).map { number in
                    (number % 3, Int.random(in: 1...20, using: &random), Int.random(in: 1...20, using: &random))
                }
                await concurrently(
                    attempts.map { worker, user, address in
                        {
                            let (user, address) = ("user\(user)", "203.0.\(address).1")
                            guard let login = try? await site.count(user, from: address, worker: worker) else { return }
                            counted += 1
                            await site.workers[worker].giveBack(login, isKnown: true)
                        }
                    })
            }
            #expect(counted == 1800)
            #expect(try await site.database.number(deadlocks) == before)
        }
    }

    @Test("a clock that was set back keeps nobody out for longer than the limit's own time")
    func clockSetBack() async throws {
        try await onLoop {
            for (account, address) in [("3/3m", nil), (nil, "3/3m")] {
                let site = try await LimitedSite(account: account, address: address)
                for _ in 1...3 { try await site.count("alice", from: "203.0.113.1") }
                site.clock.advance(seconds: -7 * 86_400)
                #expect(try await site.wait("alice", from: "203.0.113.1") == 60)
                site.clock.advance(seconds: 60)
                #expect(try await site.count("alice", from: "203.0.113.1") != nil)
                #expect(try await site.wait("alice", from: "203.0.113.1") == 60)
            }
        }
    }

    @Test("a clock that is set forward lets as many attempts through as a rest would")
    func clockSetForward() async throws {
        try await onLoop {
            let site = try await LimitedSite()
            for _ in 1...3 { try await site.count("alice", from: "203.0.113.1") }
            site.clock.advance(seconds: 365 * 86_400)
            for _ in 1...3 { #expect(try await site.count("alice", from: "203.0.113.1") != nil) }
            #expect(try await site.count("alice", from: "203.0.113.1") == nil)
        }
    }

    @Test("a limit that is switched off counts nothing")
    func switchedOff() async throws {
        try await onLoop {
            for (account, address) in [("3/3m", nil), (nil, "3/3m")] {
                let site = try await LimitedSite(account: account, address: address)
                for number in 1...3 { #expect(try await site.count("user\(number)", from: "203.0.113.1") != nil) }
                for _ in 1...3 { #expect(try await site.count("alice", from: "203.0.114.1") != nil) }
                #expect(try await (site.count("user4", from: "203.0.113.1") == nil) == (account == nil))
                #expect(try await site.count("alice", from: "203.0.114.1") == nil)
                try await site.logIn("carol", from: "203.0.115.1")
            }
        }
    }

    @Test("neither a name nor an address lies in the table, and without the secret key none can be looked for")
    func keysAreHashes() async throws {
        try await onLoop {
            let site = try await LimitedSite(address: "3/3m")
            try await site.logIn("alice", from: "203.0.113.1")
            let types = try await site.database.number(
                "SELECT count(*) FROM information_schema.columns WHERE table_name = 'sessiond_login_limit' "
                    + "AND table_schema = current_schema() AND data_type <> 'bigint'")
            #expect(types == 0)
            #expect(try await site.database.number("SELECT count(*) FROM sessiond_login_limit") == 3)
            let other = try LoginLimits(
                account: LoginLimit("3/3m"), address: LoginLimit("3/3m"), secretKey: "another secret key",
                database: site.database.url, limit: .seconds(5), logger: Logger(label: "test"))
            _ = try await other.count(user: "alice", address: "203.0.113.1")
            #expect(try await site.database.number("SELECT count(*) FROM sessiond_login_limit") == 5)
        }
    }

    @Test("rows that say nothing any more are cleared; a database without the table has none")
    func clearing() async throws {
        try await onLoop {
            let site = try await LimitedSite(address: "3/3m")
            for number in 1...5 { try await site.count("user\(number)", from: "203.0.\(number).1") }
            try await site.logIn("alice", from: "203.0.113.1")
            let client = site.database.client
            #expect(try await LoginLimits.clear(client, now: site.clock.now, inBatchesOf: 3) == 0)
            site.clock.advance(seconds: 61)
            #expect(try await LoginLimits.clear(client, now: site.clock.now, inBatchesOf: 3) == 12)
            site.clock.advance(seconds: 89 * 86_400)
            #expect(try await LoginLimits.clear(client, now: site.clock.now) == 0)
            site.clock.advance(seconds: 86_400)
            #expect(try await LoginLimits.clear(client, now: site.clock.now) == 1)
            let bare = try await TestDatabase()
            #expect(try await LoginLimits.clear(bare.client, now: site.clock.now) == 0)
        }
    }

    @Test("where the table cannot be used there is no login")
    func noTable() async throws {
        try await onLoop {
            let site = try await LimitedSite()
            try await site.database.run("DROP TABLE sessiond_login_limit")
            await #expect(throws: SessionStoreError.self) { try await site.count("alice", from: "203.0.113.1") }
        }
    }
}
