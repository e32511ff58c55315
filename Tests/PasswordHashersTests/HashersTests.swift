import TestSupport
import Testing

@testable import PasswordHashers

/// Django's `tests/auth_tests/test_hashers.py`, as far as it verifies. What is written here Django encoded.
@Suite("Password hashers")
struct HashersTests {
    private let hashers = PasswordHashers()

    private func hashers(_ only: PasswordHasher...) throws -> PasswordHashers {
        try PasswordHashers(paths: only.map(\.path))
    }

    /// The password is accepted, no other is, and the hasher is known.
    private func verify(
        _ encoded: String, _ password: String, _ hasher: PasswordHasher, in hashers: PasswordHashers? = nil
    ) throws {
        let hashers = hashers ?? self.hashers
        #expect(PasswordHashers.isUsable(encoded))
        #expect(try hashers.checkPassword(password, encoded))
        #expect(try !hashers.checkPassword(password.isEmpty ? " " : password + "z", encoded))
        #expect(hashers.identify(encoded) == hasher)
    }

    @Test("simple, check password")
    func simple() throws {
        try verify(
            "pbkdf2_sha256$1000000$VzQEbDm93vfI7aocTToYqA$mL4aDaqgIsvBAoY71IhaPOpaKk4ouM5RevsRPnTlN18=", "lètmein",
            .pbkdf2SHA256)
        try verify(
            "pbkdf2_sha256$1000000$qKFtSj15VxvOV1OB9OAth9$uATbm8HvegDQ49zdtDAIS/y37ySf7v+4mI1vev/2NzI=", "",
            .pbkdf2SHA256)
    }

    @Test("pbkdf2")
    func pbkdf2() throws {
        try verify(
            "pbkdf2_sha256$1000000$seasalt$r1uLUxoxpP2Ued/qxvmje7UH9PUJBkRrvf9gGPL7Cps=", "lètmein", .pbkdf2SHA256)
        try verify("pbkdf2_sha256$1000000$seasalt$pAUSyZaoLVTQI7m08WQqxhpi1U0Xw2Y4lwUxv2L4sSs=", "", .pbkdf2SHA256)
    }

    @Test("low level pbkdf2")
    func lowLevelPBKDF2() throws {
        try verify(
            "pbkdf2_sha256$1000000$seasalt2$egbhFghgsJVDo5Tpg/k9ZnfbySKQ1UQnBYXhR97a7sk=", "lètmein", .pbkdf2SHA256)
    }

    @Test("low level pbkdf2 sha1")
    func lowLevelPBKDF2SHA1() throws {
        try verify("pbkdf2_sha1$1000000$seasalt2$3R9hvSAiAy5ARspAFy5GJ/2rjXo=", "lètmein", .pbkdf2SHA1)
    }

    @Test("md5")
    func md5() throws {
        let encoded = "md5$seasalt$3f86d0d3d465b7b458c231bf3555c0e3"
        let md5 = try hashers(.md5)
        try verify(encoded, "lètmein", .md5, in: md5)
        try verify("md5$seasalt$4b144f4ae05cfb6b0fe96d22626591c8", "", .md5, in: md5)
        // It is not in Django's default list.
        #expect(try !hashers.checkPassword("lètmein", encoded))
        #expect(hashers.identify(encoded) == nil)
    }

    @Test("bcrypt sha256")
    func bcryptSHA256() throws {
        let prefix = "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuu"
        try verify(prefix + "VrQ4zCyEDfwKOXCre954in7jn/y/.ua", "lètmein", .bcryptSHA256)
        try verify(prefix + "4HU86Qx1.hwxiwr8NesejFLoYBAdnz6", "", .bcryptSHA256)
        // Here bcrypt's 72 bytes do not show.
        let password =
            "VSK0UYV6FFQVZ0KG88DYN9WADAADZO1CTSIVDJUNZSUML6IBX7LN7ZS3R5JGB3RGZ7VI7G7DJQ9NI8BQFSRPTG6UWTTVESA5ZPUN"
        let encoded = prefix + "IHYh6tVCmK88rtlzOp6DU/aKhl8WYdG"
        try verify(encoded, password, .bcryptSHA256)
        #expect(try !hashers.checkPassword(String(password.prefix(72)), encoded))
    }

    @Test("bcrypt")
    func bcrypt() throws {
        let bcrypt = try hashers(.bcrypt)
        let encoded = "bcrypt$$2b$12$abcdefghijklmnopqrstuupd4kvGe1RE7cUAJBlAgNLjj8dnLUqIu"
        try verify(encoded, "lètmein", .bcrypt, in: bcrypt)
        try verify("bcrypt$$2b$12$abcdefghijklmnopqrstuurNpZPgiMaWgWgattqYvtmVeD8QkbusC", "", .bcrypt, in: bcrypt)
        #expect(try !hashers.checkPassword("lètmein", encoded))
        // What C functions take for the end of a text is not its end.
        #expect(try !bcrypt.checkPassword("lètmein\0", encoded))
        #expect(try !bcrypt.checkPassword("lètmein\0lètmein", encoded))
    }

    @Test("argon2")
    func argon2() throws {
        let prefix = "argon2$argon2id$v=19$m=102400,t=2,p=8$YWJjZGVmZ2hpams$"
        try verify(prefix + "AArx2iFpoBbXXQdEeujc9tbSjhFI/AcgN3QoEtM4Vgk", "lètmein", .argon2)
        try verify(prefix + "nzlYOyHh+lC7OZCocxD123d6W0XuRRr/BsKEoW0qHM0", "", .argon2)
        // Old hashes without version attribute.
        try verify(
            "argon2$argon2i$m=8,t=1,p=1$c29tZXNhbHQ$gwQOXSNhxiOxPOA0+PY10P9QFO4NAYysnqRt1GSQLE55m+2GYDt9FEjPMHhP2Cuf0"
                + "nOEXXMocVrsJAtNSsKyfg", "secret", .argon2)
        // Old hashes with version attribute.
        try verify("argon2$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q", "secret", .argon2)
    }

    @Test("argon2 version upgrade")
    func argon2Version() throws {
        try verify("argon2$argon2id$v=19$m=102400,t=2,p=8$Y041dExhNkljRUUy$TMa6A8fPJhCAUXRhJXCXdw", "secret", .argon2)
    }

    @Test("argon2 decode")
    func argon2Decode() throws {
        let encoded = try hashers.decode(
            "argon2$argon2id$v=19$m=102400,t=2,p=8$YWJjZGVmZ2hpams$AArx2iFpoBbXXQdEeujc9tbSjhFI/AcgN3QoEtM4Vgk")
        #expect(encoded.hash.cost == HashCost(hasher: .argon2, parameters: [2, 19, 102_400, 2, 8]))
    }

    @Test("scrypt")
    func scrypt() throws {
        try verify(
            "scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB/IVyba+KYGTI7FTnet025q/1f/vBAVnnP3hdYqJuRi+mJn6ji6ze3Fbb7JEFPKGpu"
                + "Ef5vw==", "lètmein", .scrypt)
        try verify(
            "scrypt$16384$seasalt$8$5$98nMllAqMvPohtQtLix3bbC/NGLnNVTcb1gRtJ0x+IfGvWuRx0kacqOv2mEI980BIuReHVXIsZqlYxEJv"
                + "AYc0g==", "", .scrypt)
    }

    @Test("scrypt decode")
    func scryptDecode() throws {
        let encoded = try hashers.decode("scrypt$16384$seasalt$8$5$ECMIUp+LMxMSK8xB")
        #expect(encoded.hash.cost == HashCost(hasher: .scrypt, parameters: [16384, 8, 5]))
    }

    @Test("unusable")
    func unusable() throws {
        let encoded = "!" + String(repeating: "x", count: 40)
        #expect(!PasswordHashers.isUsable(encoded))
        for password in [encoded, "!", "", "lètmein", "lètmeinz"] {
            #expect(try !hashers.checkPassword(password, encoded))
        }
        #expect(hashers.identify(encoded) == nil)
        #expect(throws: PasswordRefusal.unusable) { try hashers.decode(encoded) }
    }

    @Test("is password usable")
    func isUsable() {
        for encoded in ["lètmein_badencoded", "", nil] { #expect(PasswordHashers.isUsable(encoded)) }
    }

    @Test("bad algorithm")
    func badAlgorithm() throws {
        for encoded in ["lolcat$salt$hash", "", "$", "pbkdf2_sha256", "PBKDF2_SHA256$1$a$b", "md5$$" + hex32, hex32] {
            #expect(hashers.identify(encoded) == nil)
            #expect(throws: PasswordRefusal.unknownHasher) { try hashers.decode(encoded) }
            #expect(try !hashers.checkPassword("lètmein", encoded))
        }
        #expect(throws: UnknownHasherPath.self) { try PasswordHashers(paths: ["example.hashers.LolcatPasswordHasher"]) }
    }

    private let hex32 = "88a434c88cca4e900f7874cd98123f43"

    @Test("encode invalid salt")
    func invalidSalt() throws {
        let all = try PasswordHashers(paths: PasswordHasher.allCases.map(\.path))
        for encoded in [
            "md5$$" + hex32, "pbkdf2_sha256$1$$AAAA", "pbkdf2_sha1$1$$AAAA", "scrypt$16$$8$5$AAAA",
            "argon2$argon2id$v=19$m=8,t=1,p=1$$AAAAAAAA",
        ] {
            let hasher = try #require(all.identify(encoded))
            #expect(throws: PasswordRefusal.malformed(hasher)) { try all.decode(encoded) }
        }
        // The parts are counted, so that a `$` in a salt makes another text of it.
        #expect(try !all.checkPassword("lètmein", "md5$sea$salt$3f86d0d3d465b7b458c231bf3555c0e3"))
    }

    @Test(
        "Parameters that ask for more than a login may take are refused at once",
        arguments: [
            "pbkdf2_sha256$1000000000000$salt$AAAA", "pbkdf2_sha1$10000001$salt$AAAA",
            "scrypt$1073741824$salt$8$5$AAAA", "scrypt$16$salt$999999999999999999$999999999999999999$AAAA",
            "scrypt$16384$salt$8$16000$AAAA", "scrypt$32768$salt$8$1$AAAA",
            "argon2$argon2id$v=19$m=4194304,t=2,p=8$YWJjZGVmZ2hpams$AAAAAAAA",
            "argon2$argon2id$v=19$m=102400,t=99999999,p=8$YWJjZGVmZ2hpams$AAAAAAAA",
            "bcrypt_sha256$$2b$31$abcdefghijklmnopqrstuuVrQ4zCyEDfwKOXCre954in7jn/y/.ua",
        ])
    func tooCostly(encoded: String) throws { try expect(PasswordRefusal.tooCostly, of: encoded) }

    @Test(
        "What no Django writes is refused",
        arguments: [
            "pbkdf2_sha256$", "pbkdf2_sha256$$$", "pbkdf2_sha256$0$salt$AAAA", "pbkdf2_sha256$-1$salt$AAAA",
            "pbkdf2_sha256$1_0$salt$AAAA", "pbkdf2_sha256$010$salt$AAAA",
            "pbkdf2_sha256$99999999999999999999$salt$AAAA",
            "pbkdf2_sha256$١$salt$AAAA", "scrypt$17$salt$8$5$AAAA", "scrypt$1$salt$8$5$AAAA",
            "scrypt$65536$salt$1$1$AAAA", "scrypt$16$salt$0$5$AAAA",
            "scrypt$16$salt$8$5", "argon2$", "argon2$argon2$v=19$m=8,t=1,p=1$YWJjZGVmZ2hpams$AAAAAAAA",
            "argon2$argon2id$v=18$m=8,t=1,p=1$YWJjZGVmZ2hpams$AAAAAAAA",
            "argon2$argon2id$v=19$m=8,t=1,p=2$YWJjZGVmZ2hpams$AAAAAAAA",
            "argon2$argon2id$v=19$t=1,m=8,p=1$YWJjZGVmZ2hpams$AAAAAAAA",
            "argon2$argon2id$v=19$m=8,t=1,p=1$YWJjZGVmZ2hpamt$AAAAAAAA",
            "argon2$argon2id$v=19$m=8,t=1,p=1$YWJj$AAAAAAAA", "argon2$argon2id$v=19$m=8,t=1,p=1$YWJjZGVmZ2hpams$AAAA=",
            "bcrypt_sha256$", "bcrypt_sha256$$2b$03$abcdefghijklmnopqrstuuVrQ4zCyEDfwKOXCre954in7jn/y/.ua",
            "bcrypt_sha256$$2z$12$abcdefghijklmnopqrstuuVrQ4zCyEDfwKOXCre954in7jn/y/.ua",
            "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuvVrQ4zCyEDfwKOXCre954in7jn/y/.ua",
            "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuuVrQ4zCyEDfwKOXCre954in7jn/y/.u!",
            "bcrypt_sha256$2b$12$abcdefghijklmnopqrstuuVrQ4zCyEDfwKOXCre954in7jn/y/.ua",
        ])
    func malformed(encoded: String) throws { try expect(PasswordRefusal.malformed, of: encoded) }

    private func expect(_ refusal: (PasswordHasher) -> PasswordRefusal, of encoded: String) throws {
        let hasher = try #require(hashers.identify(encoded))
        #expect(throws: refusal(hasher)) { try hashers.decode(encoded) }
        #expect(try !hashers.checkPassword("", encoded))
    }
}
