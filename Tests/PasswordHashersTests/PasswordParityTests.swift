import DjangoFormat
import PasswordHashers
import TestSupport
import Testing

@Suite("Passwords beside a real Django")
struct PasswordParityTests {
    @Test(
        "What Django encoded is verified, and passwords that are almost the same are not; usernames are normalised alike",
        .enabled(if: VectorFiles.passwords != nil, "PASSWORD_VECTORS names no output of Tests/Parity/passwords.py"))
    func fromDjango() throws {
        let hashers = try PasswordHashers(paths: PasswordHasher.allCases.map(\.path))
        var counts: [PasswordHasher: Int] = [:]
        var usernames = 0
        for (index, record) in try VectorFiles.read(try #require(VectorFiles.passwords)).enumerated() {
            if record["kind"]?.string == "usernames" {
                usernames += try checkUsernames(record)
                continue
            }
            let encoded = try #require(record["encoded"]?.string)
            let hasher = try #require(hashers.identify(encoded), "record \(index) is of no known hasher")
            counts[hasher, default: 0] += 1
            for password in try #require(record["right"]?.array) {
                guard try !hashers.checkPassword(#require(password.string), encoded) else { continue }
                Issue.record("record \(index): Django's \(encoded) is not verified")
            }
            for password in try #require(record["wrong"]?.array) {
                guard try hashers.checkPassword(#require(password.string), encoded) else { continue }
                Issue.record("record \(index): \(encoded) is verified by a wrong password")
            }
        }
        #expect(PasswordHasher.allCases.allSatisfy { counts[$0, default: 0] >= 40 })
        #expect(usernames > 65_000)
    }

    private func checkUsernames(_ record: JSONObject) throws -> Int {
        let (typed, stored) = (try #require(record["typed"]?.array), try #require(record["stored"]?.array))
        for (typed, stored) in zip(typed, stored) {
            let (typed, stored) = (try #require(typed.string), try #require(stored.string))
            let normalized = normalizeUsername(typed)
            guard normalized.utf8.elementsEqual(stored.utf8) else {
                Issue.record("\(Array(typed.unicodeScalars)) became \(Array(normalized.unicodeScalars))")
                continue
            }
        }
        return typed.count
    }
}
