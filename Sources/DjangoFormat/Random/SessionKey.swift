/// Session keys (`SessionBase._get_new_session_key` and `_validate_session_key`).
public enum SessionKey {
    private static let alphabet = RandomText.Alphabet([UInt8]("abcdefghijklmnopqrstuvwxyz0123456789".utf8))

    /// A new key of 32 characters, 165 bits.
    public static func generate() -> String {
        String(decoding: RandomText.make(32, from: alphabet), as: UTF8.self)
    }

    /// Whether a key from outside may stand in the table: at least the 8 characters that Django asks for, at most the
    /// 40 that the column holds, and no NUL, which PostgreSQL refuses. Characters are code points.
    public static func isPlausible(_ key: String) -> Bool {
        let bytes = key.utf8Span.span
        guard 8...160 ~= bytes.count else { return false }
        var characters = 0
        for index in bytes.indices {
            if bytes[index] == 0 { return false }
            if !WTF8.isContinuation(bytes[index]) { characters += 1 }
        }
        return 8...40 ~= characters
    }
}
