import TestSupport
import Testing

@testable import PasswordHashers

@Suite("Fuzzing the reader of stored passwords", .serialized)
struct PasswordFuzzTests {
    private static let samples = [
        "pbkdf2_sha256$10$NaClNaClNaClNaClNaClNa$9RNNmClionvqFPYYG6yw+bU87EJgNK2ppAgGs+e7aUA=",
        "pbkdf2_sha1$1$salt$3R9hvSAiAy5ARspAFy5GJ/2rjXo=",
        "scrypt$16$seasalt$8$5$fO04yPAnuC7vW68TMF5tz0PlUReGnl92PdsONHdrPTvhVga/r+SeBzXVFfANbOkanVfYEoBCkvO+HrXAVe0Ryw==",
        "argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q",
        "argon2$argon2id$m=16,t=1,p=2$c29tZXNhbHQ$gwQOXSNhxiOxPOA0",
        "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuufznL8bkzdtHwLhca4To/v9Lo9bA7fR6",
        "bcrypt$$2y$04$abcdefghijklmnopqrstuufznL8bkzdtHwLhca4To/v9Lo9bA7fR6",
        "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3", "!mark",
    ]

    @Test("No stored password makes the reader trap, and what it reads is computed within its bounds")
    func encoded() throws {
        let words = [
            "$", "$$", "argon2$", "argon2d", "bcrypt$", "md5$", "scrypt$", "v=16", "m=4294967295", "t=2,", "p=16777215",
            "=", ",", "2", "0", "1000000000000", "999999999999999999", "$2a$04$", "\u{c3}\u{a9}", "\0", "==",
        ]
        var fuzzer = Fuzzer(
            "password", samples: Self.samples.map { [UInt8](latin1: $0) }, words: words.map { [UInt8](latin1: $0) })
        let hashers = try PasswordHashers(paths: PasswordHasher.allCases.map(\.path))
        let password = RawPassword("pass\0word")
        try fuzzer.run { input in
            guard let encoded = try? hashers.decode(String(decoding: input, as: UTF8.self)) else { return false }
            if isCheap(encoded.hash.cost), try encoded.matches(password) { Issue.record("\(input) is verified") }
            return true
        }
        print("fuzzed stored passwords: \(fuzzer.count)")
        #expect(fuzzer.count.accepted > 0)
    }

    /// A hash of a few milliseconds: the others are as good, but there would be too few of them.
    private func isCheap(_ cost: HashCost) -> Bool {
        let parameters = cost.parameters
        return switch cost.hasher {
        case .pbkdf2SHA256, .pbkdf2SHA1: parameters[0] <= 1000
        case .scrypt: parameters[0] * parameters[1] * parameters[2] <= 1000
        case .argon2: parameters[2] * parameters[3] <= 1000
        case .bcrypt, .bcryptSHA256: parameters[0] <= 4
        case .md5: true
        }
    }
}
