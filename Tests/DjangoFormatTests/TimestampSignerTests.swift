import DjangoFormat
import Testing

@Suite("Signing")
struct TimestampSignerTests {
    private let signer = TimestampSigner(secretKey: "test-secret-key", salt: TimestampSigner.sessionSalt)
    private let signed = "eyJhIjoxfQ:1r31eq:mvqAFpOL1fZXbE9_M4qDR7eYKgZG_5R2MwsvV9eChd8"

    @Test("The worked example of the documentation holds")
    func workedExample() throws {
        #expect(signer.sign(payload: [UInt8]("eyJhIjoxfQ".utf8), at: 1_700_000_000) == [UInt8](signed.utf8))
        #expect(Array(try signer.unsign([UInt8](signed.utf8))) == [UInt8]("eyJhIjoxfQ".utf8))
    }

    @Test("A payload may hold colons")
    func colons() throws {
        let payload = [UInt8](":a:b:".utf8)
        #expect(Array(try signer.unsign(signer.sign(payload: payload, at: -5))) == payload)
    }

    @Test("A change of any single byte is noticed")
    func tampering() {
        let original = [UInt8](signed.utf8)
        for index in original.indices {
            for replacement in [original[index] ^ 1, UInt8(ascii: ":"), 0, 0xFF] where replacement != original[index] {
                var changed = original
                changed[index] = replacement
                #expect(throws: SigningError.badSignature) { try signer.unsign(changed) }
            }
        }
    }

    @Test(
        "What has no signature of ours is refused",
        arguments: ["", ":", "::", "x", "eyJhIjoxfQ", "eyJhIjoxfQ:1r31eq", "eyJhIjoxfQ:1r31eq:", "a:b:c:d"])
    func noSignature(text: String) {
        #expect(throws: SigningError.badSignature) { try signer.unsign([UInt8](text.utf8)) }
    }

    @Test("A signature cut short, drawn out or padded is refused")
    func signatureLength() {
        for text in [String(signed.dropLast()), signed + "A", signed + "=", String(signed.dropFirst())] {
            #expect(throws: SigningError.badSignature) { try signer.unsign([UInt8](text.utf8)) }
        }
    }

    @Test("Another key or another salt does not match, and an old key among the fallbacks does")
    func keys() throws {
        let bytes = [UInt8](signed.utf8)
        for salt in [TimestampSigner.sessionSalt, "other"] {
            let other = TimestampSigner(secretKey: salt == "other" ? "test-secret-key" : "new", salt: salt)
            #expect(throws: SigningError.badSignature) { try other.unsign(bytes) }
        }
        let rotated = TimestampSigner(
            secretKey: "new", fallbacks: ["older", "test-secret-key"], salt: TimestampSigner.sessionSalt)
        #expect(Array(try rotated.unsign(bytes)) == [UInt8]("eyJhIjoxfQ".utf8))
        #expect(rotated.sign(payload: [UInt8]("eyJhIjoxfQ".utf8), at: 1_700_000_000) != bytes)
        #expect(throws: SigningError.badSignature) {
            try signer.unsign(rotated.sign(payload: [UInt8]("eyJhIjoxfQ".utf8), at: 1_700_000_000))
        }
    }
}
