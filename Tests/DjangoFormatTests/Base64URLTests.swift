import DjangoFormat
import Testing

@Suite("URL-safe base64")
struct Base64URLTests {
    @Test(
        "Bytes have one text without padding",
        arguments: [
            ([], ""), ([0], "AA"), ([0, 0], "AAA"), ([0, 0, 0], "AAAA"), ([0xFF, 0xFE], "__4"), ([0xFB, 0xF0], "-_A"),
            ([0x7B, 0x7D], "e30"), ([1, 2, 3, 4], "AQIDBA"),
        ] as [([UInt8], String)])
    func vectors(bytes: [UInt8], text: String) {
        #expect(Base64URL.encode(bytes) == [UInt8](text.utf8))
        #expect(Base64URL.decode([UInt8](text.utf8)) == bytes)
    }

    @Test("Every length up to 300 comes back")
    func roundTrip() {
        for length in 0..<300 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ length) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }

    @Test(
        "What Python passes over is passed over",
        arguments: [
            ("e3 0 ", "{}"), ("e30=", "{}"), ("e30====", "{}"), ("e30=AAAA", "{}"), ("e=3=0", "{}"), ("e$3$0", "{}"),
            ("ab+/", "i\u{bf}\u{bf}"), ("=", ""), ("$$", ""), ("AA$$$$", "\0"), ("e$30$$", "{}"),
        ])
    func lenient(text: String, expected: String) {
        #expect(
            Base64URL.decode([UInt8](text.utf8)) == expected.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    }

    @Test("What Python refuses is refused", arguments: ["A", "AAAAA", "A===", "$$$A", "AA$$", "e3 0", "e3=0"])
    func refused(text: String) {
        #expect(Base64URL.decode([UInt8](text.utf8)) == nil)
    }
}
