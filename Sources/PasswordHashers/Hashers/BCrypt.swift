import CCrypt
import DjangoFormat
import Glibc

/// `bcrypt_sha256$$2b$12$`, 22 characters of salt and 31 of hash, of the password's SHA-256 in hexadecimal
/// (`BCryptSHA256PasswordHasher`); `bcrypt$…` of the password itself (`BCryptPasswordHasher`).
///
/// bcrypt looks at 72 bytes: of a longer password without SHA-256 it compares those, as the library beneath Django did up to
/// version 4. A password with a NUL, which Django's login form refuses, matches none.
struct BCrypt: PasswordHash {
    /// About four seconds; Django asks for 12, and each step doubles the time.
    private static let costLimit = 16
    /// How many bytes of a password count.
    private static let seen = 72

    private let isOfDigest: Bool
    private let rounds: Int
    /// Up to the salt's end, of version `b`: the others stand for errors of old libraries, but Python's computes `b` for all.
    private let setting: [UInt8]
    var hash: [UInt8]

    /// - Parameter text: what crypt(3) made.
    init(_ text: ArraySlice<UInt8>, ofDigest isOfDigest: Bool) throws(PasswordRefusal) {
        let hasher: PasswordHasher = isOfDigest ? .bcryptSHA256 : .bcrypt
        let text = Array(text)
        // Of the salt's last character only two bits are in use.
        guard text.count == 60, text.starts(with: "$2".utf8), "abxy".utf8.contains(text[2]),
            text[3] == UInt8(ascii: "$"),
            text[6] == UInt8(ascii: "$"), text[7...].allSatisfy(Self.isDigit), ".Oeu".utf8.contains(text[28]),
            let rounds = Fields.number(text[4] == UInt8(ascii: "0") ? text[5..<6] : text[4..<6]),
            (4...31).contains(rounds)
        else { throw .malformed(hasher) }
        guard rounds <= Self.costLimit else { throw .tooCostly(hasher) }
        (self.isOfDigest, self.rounds) = (isOfDigest, rounds)
        (setting, hash) = (Array("$2b".utf8) + text[3..<29], Array(text[29...]))
    }

    var cost: HashCost { HashCost(hasher: hasher, parameters: [rounds]) }

    private var hasher: PasswordHasher { isOfDigest ? .bcryptSHA256 : .bcrypt }

    func matches(_ password: RawPassword) throws(HashingError) -> Bool {
        let (made, holdsNUL) = password.withBytes { password in
            isOfDigest
                ? (crypt(Fields.hexadecimal(SHA256.digest(of: password.bindMemory(to: UInt8.self).span).span)), false)
                : (crypt(password), password.contains(0))
        }
        guard let made, made.starts(with: setting) else { throw HashingError(hasher: hasher) }
        return Fields.equal(Array(made.dropFirst(setting.count)), hash) && !holdsNUL
    }

    /// What crypt(3) makes of so much of a text as bcrypt looks at; it refuses longer ones than 511 bytes.
    private func crypt(_ text: some Collection<UInt8>) -> [UInt8]? {
        let setting = setting.map { CChar(bitPattern: $0) } + [0]
        let size = MemoryLayout<crypt_data>.size
        return withUnsafeTemporaryAllocation(byteCount: size + Self.seen + 1, alignment: 16) { room in
            room.initializeMemory(as: UInt8.self, repeating: 0)
            guard let start = room.baseAddress else { return nil }
            defer { explicit_bzero(start, room.count) }
            UnsafeMutableRawBufferPointer(start: start + size, count: Self.seen).copyBytes(from: text.prefix(Self.seen))
            let phrase = (start + size).bindMemory(to: CChar.self, capacity: Self.seen + 1)
            guard let made = crypt_rn(phrase, setting, start, Int32(size)) else { return nil }
            return (0..<strlen(made)).map { UInt8(bitPattern: made[$0]) }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
