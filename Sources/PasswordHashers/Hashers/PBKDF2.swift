import CNettle
import Glibc

/// `pbkdf2_sha256$1000000$salt$base64` (`PBKDF2PasswordHasher`, `PBKDF2SHA1PasswordHasher`).
struct PBKDF2: PasswordHash {
    enum Digest {
        case sha256, sha1
    }

    /// About three seconds; Django 5.2 asks for a million.
    private static let iterationLimit = 10_000_000

    private let digest: Digest
    private let iterations: Int
    private let salt: [UInt8]
    var hash: [UInt8]

    init(_ digest: Digest, _ text: ArraySlice<UInt8>) throws(PasswordRefusal) {
        self.digest = digest
        let hasher: PasswordHasher = digest == .sha256 ? .pbkdf2SHA256 : .pbkdf2SHA1
        guard let fields = Fields.split(text, 3), let iterations = Fields.number(fields[0]), !fields[1].isEmpty else {
            throw .malformed(hasher)
        }
        guard iterations <= Self.iterationLimit else { throw .tooCostly(hasher) }
        self.iterations = iterations
        (salt, hash) = (Array(fields[1]), Array(fields[2]))
    }

    var cost: HashCost { HashCost(hasher: hasher, parameters: [iterations]) }

    private var hasher: PasswordHasher { digest == .sha256 ? .pbkdf2SHA256 : .pbkdf2SHA1 }

    /// Of the libraries that a worker has loaded anyway, nettle is the fastest at this: OpenSSL 3.0 takes nearly twice as long,
    /// which would only help those who guess.
    func matches(_ password: RawPassword) -> Bool {
        let key = password.withBytes { password in
            let bytes = password.bindMemory(to: UInt8.self).baseAddress
            switch digest {
            case .sha256:
                var context = hmac_sha256_ctx()
                nettle_hmac_sha256_set_key(&context, password.count, bytes)
                return derive(nettle_hmac_sha256, &context)
            case .sha1:
                var context = hmac_sha1_ctx()
                nettle_hmac_sha1_set_key(&context, password.count, bytes)
                return derive(nettle_hmac_sha1, &context)
            }
        }
        return Fields.equal(Fields.base64(key), hash)
    }

    private func derive(_ hmac: nettle_mac, _ context: UnsafeMutableRawPointer) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: Int(hmac.digest_size))
        var state = RestingHMAC(hmac: hmac, context: context)
        nettle_pbkdf2(
            &state, RestingHMAC.update, RestingHMAC.digest, key.count, UInt32(clamping: iterations), salt.count, salt,
            key.count, &key)
        return key
    }
}

/// HMAC that rests for a moment every so often. The scheduler lets a thread that never waits run on for milliseconds,
/// however nice it is, while a request goes through four processes and would wait for it in each.
private struct RestingHMAC {
    /// Some 150 µs of work.
    private static let iterations: UInt32 = 1024
    private static let rest: UInt32 = 100

    let hmac: nettle_mac
    let context: UnsafeMutableRawPointer
    var count: UInt32 = 0

    static let update: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafePointer<UInt8>?) -> Void = {
        guard let state = $0?.assumingMemoryBound(to: RestingHMAC.self) else { return }
        state.pointee.count &+= 1
        if state.pointee.count % iterations == 0 { usleep(rest) }
        state.pointee.hmac.update(state.pointee.context, $1, $2)
    }

    static let digest: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutablePointer<UInt8>?) -> Void = {
        guard let state = $0?.assumingMemoryBound(to: RestingHMAC.self) else { return }
        state.pointee.hmac.digest(state.pointee.context, $1, $2)
    }
}
