import DjangoFormat
import Testing

@Suite("Base 62")
struct Base62Tests {
    @Test(
        "Numbers have Django's text both ways",
        arguments: [
            (0, "0"), (1, "1"), (9, "9"), (10, "A"), (61, "z"), (62, "10"), (-5, "-5"), (1_700_000_000, "1r31eq"),
            (.max, "AzL8n0Y58m7"), (.min, "-AzL8n0Y58m8"),
        ])
    func vectors(number: Int, text: String) {
        #expect(Base62.encode(number) == text)
        #expect(Base62.decode(text) == number)
    }

    @Test("A lone minus sign is zero, as in Django")
    func loneMinus() {
        #expect(Base62.decode("-") == 0)
        #expect(Base62.decode("00z") == 61)
    }

    @Test(
        "What is no number, or past Int, is refused",
        arguments: ["", "--1", "1-", " 1", "1_", "é", "AzL8n0Y58m8", "-AzL8n0Y58m9", "zzzzzzzzzzzzzzzzzzzz"])
    func refused(text: String) {
        #expect(Base62.decode(text) == nil)
    }
}
