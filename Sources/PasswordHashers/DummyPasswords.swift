import DjangoFormat
import Glibc

/// What is verified in the place of a password that cannot be verified, so that its login takes as long as others: Django
/// runs its default hasher there; here it is one of those whose hashes the users of this site have, each as often as they do.
///
/// Which one it is depends on the username and a secret alone: a site with several hashers does not tell by the time of a
/// second attempt that a user is unknown, and all workers agree. When the shares change, few names change theirs.
struct DummyPasswords: Sendable {
    private struct Candidate {
        let cost: HashCost
        let share: Double
        let password: EncodedPassword
    }

    private let key: SaltedHMAC
    private var candidates: [Candidate] = []

    /// Django's default, as for a site without users.
    init(secretKey: String, hashers: PasswordHashers) {
        key = SaltedHMAC(salt: "sessiond.DummyPasswords", secretKey: secretKey)
        learn(from: [], hashers: hashers)
    }

    /// - Parameter encoded: the passwords of some users, drawn at random; those that cannot be verified do not count.
    mutating func learn(from encoded: [String], hashers: PasswordHashers) {
        var users: [HashCost: (count: Int, password: EncodedPassword)] = [:]
        for encoded in encoded {
            guard var password = try? hashers.decode(encoded) else { continue }
            // A user's hash is not kept.
            password.hash.hash = [UInt8](repeating: 0, count: password.hash.hash.count)
            users[password.hash.cost, default: (0, password)].count += 1
        }
        if users.isEmpty, let password = Self.djangosDefault { users[password.hash.cost] = (1, password) }
        candidates = users.map { Candidate(cost: $0, share: Double($1.count), password: $1.password) }
    }

    /// The encoded password that stands for the one that a user of that name would have. Its result counts for nothing.
    func password(of username: String) -> EncodedPassword? {
        // Weighted rendezvous hashing: the highest score wins, each candidate by its share of all names.
        candidates.max { score($0, username) < score($1, username) }?.password
    }

    private func score(_ candidate: Candidate, _ username: String) -> Double {
        let name = "\(candidate.cost.hasher.rawValue) \(candidate.cost.parameters) \(username)"
        let bits = UInt64(key.hexDigest(of: name, digits: 14), radix: 16) ?? 0
        return -candidate.share / log((Double(bits) + 1) / Double(1 << 56 + 2))
    }

    private static let djangosDefault = try? PasswordHashers().decode(
        "pbkdf2_sha256$1000000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
}
