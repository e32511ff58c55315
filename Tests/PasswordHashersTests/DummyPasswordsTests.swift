import EventLoop
import Logging
import TestSupport
import Testing

@testable import PasswordHashers

@Suite("What stands in for a password that cannot be verified")
struct DummyPasswordsTests {
    private let hashers = PasswordHashers()
    private let names = (0..<4000).map { "user\($0)" }

    private func pbkdf2(_ iterations: Int) -> String { "pbkdf2_sha256$\(iterations)$salt$c2VjcmV0" }
    private let bcrypt = "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuufznL8bkzdtHwLhca4To/v9Lo9bA7fR6"

    private func cost(_ dummies: DummyPasswords, _ name: String) -> HashCost? {
        dummies.password(of: name)?.hash.cost
    }

    @Test("Without users it is what Django's default hasher would compute")
    func withoutUsers() {
        var dummies = DummyPasswords(secretKey: "secret", hashers: hashers)
        let expected = HashCost(hasher: .pbkdf2SHA256, parameters: [1_000_000])
        #expect(names.allSatisfy { cost(dummies, $0) == expected })
        dummies.learn(from: ["!unusable", "md5$a$b", "nonsense"], hashers: hashers)
        #expect(names.allSatisfy { cost(dummies, $0) == expected })
    }

    @Test("Each hasher stands in for as many names as its share of the users, for a name always the same")
    func shares() {
        var dummies = DummyPasswords(secretKey: "secret", hashers: hashers)
        let passwords = Array(repeating: pbkdf2(1000), count: 60) + Array(repeating: pbkdf2(2000), count: 30)
        dummies.learn(from: passwords + Array(repeating: bcrypt, count: 10), hashers: hashers)
        var counts: [HashCost: Int] = [:]
        for name in names {
            if let cost = cost(dummies, name) { counts[cost, default: 0] += 1 }
            #expect(cost(dummies, name) == cost(dummies, name))
        }
        let shares = [
            HashCost(hasher: .pbkdf2SHA256, parameters: [1000]): 0.6,
            HashCost(hasher: .pbkdf2SHA256, parameters: [2000]): 0.3,
            HashCost(hasher: .bcryptSHA256, parameters: [4]): 0.1,
        ]
        for (cost, share) in shares {
            #expect(abs(Double(counts[cost, default: 0]) / Double(names.count) - share) < 0.03)
        }
    }

    @Test("When the shares change a little, few names change theirs; with another secret they are others")
    func stability() {
        var (before, after, other) = (
            DummyPasswords(secretKey: "secret", hashers: hashers),
            DummyPasswords(secretKey: "secret", hashers: hashers),
            DummyPasswords(secretKey: "other", hashers: hashers)
        )
        let passwords = Array(repeating: pbkdf2(1000), count: 100)
        before.learn(from: passwords + Array(repeating: bcrypt, count: 100), hashers: hashers)
        other.learn(from: passwords + Array(repeating: bcrypt, count: 100), hashers: hashers)
        after.learn(from: passwords + Array(repeating: bcrypt, count: 104), hashers: hashers)
        let changed = names.filter { cost(before, $0) != cost(after, $0) }.count
        #expect((1..<100).contains(changed))
        #expect(names.filter { cost(before, $0) != cost(other, $0) }.count > 1500)
    }

    @Test("No user's hash is kept for it")
    func hashIsForgotten() throws {
        var dummies = DummyPasswords(secretKey: "secret", hashers: hashers)
        dummies.learn(from: [pbkdf2(1000)], hashers: hashers)
        #expect(try #require(dummies.password(of: "user")).hash.hash.allSatisfy { $0 == 0 })
    }

    /// Django's default hasher takes a third of a second, those of the samples some microseconds.
    @Test(
        "check password calls make password to fake runtime", arguments: [nil, "!mark", "lolcat$salt$hash", "scrypt$1"])
    func fakeRuntime(encoded: String?) async throws {
        try await onLoop {
            let verifier = PasswordVerifier(
                hashers: PasswordHashers(), secretKey: "secret", pool: HashPool(threads: 1, waiting: 1),
                logger: Logger(label: "test"))
            let before = ContinuousClock.now
            let matches = try await verifier.checkPassword("letmein", encoded, of: "user")
            #expect(!matches)
            #expect(ContinuousClock.now - before > .milliseconds(50))
        }
    }

    @Test("A verifier accepts the password and no other, also one whose dummy would match")
    func verifier() async throws {
        try await onLoop {
            let verifier = PasswordVerifier(
                hashers: PasswordHashers(), secretKey: "secret", pool: HashPool(threads: 1, waiting: 1),
                logger: Logger(label: "test"))
            let encoded = "pbkdf2_sha256$10$NaClNaClNaClNaClNaClNa$9RNNmClionvqFPYYG6yw+bU87EJgNK2ppAgGs+e7aUA="
            verifier.learn(from: [encoded])
            let right = try await verifier.checkPassword("pässword", encoded, of: "user")
            let wrong = try await verifier.checkPassword("password", encoded, of: "user")
            let unknown = try await verifier.checkPassword("pässword", nil, of: "user")
            #expect(right && !wrong && !unknown)
        }
    }
}
