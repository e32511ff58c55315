/// Session keys (`SessionBase._get_new_session_key` and `_validate_session_key`).
public enum SessionKey {
    private static let alphabet = RandomText.Alphabet([UInt8]("abcdefghijklmnopqrstuvwxyz0123456789".utf8))

    /// A new key of 32 characters, 165 bits.
    public static func generate() -> String {
        String(decoding: RandomText.make(32, from: alphabet), as: UTF8.self)
    }

    /// Whether a text from outside is long enough for a key: the 8 characters, code points, that Django asks for.
    public static func isValid(_ key: String) -> Bool { key.utf8.count >= 32 || key.unicodeScalars.count >= 8 }

    /// Whether a key may stand in a table: at most the 40 characters that the column holds, all of ASCII as in every key
    /// that Django makes, and no NUL, which PostgreSQL refuses. Of others it compares the bytes, where a `String` takes
    /// two ways to write a letter for one.
    public static func fitsColumn(_ key: String) -> Bool {
        key.utf8.count <= 40 && key.utf8.allSatisfy { 1...0x7F ~= $0 }
    }
}
