/// Session keys (`SessionBase._get_new_session_key` and `_validate_session_key`).
public enum SessionKey {
    private static let alphabet = [UInt8]("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

    /// A new key of 32 characters, 165 bits.
    public static func generate() -> String {
        String(decoding: RandomText.make(32, from: alphabet), as: UTF8.self)
    }

    /// Whether a key from outside may stand in the table: at least the 8 characters that Django asks for, at most the
    /// 40 that the column holds, and no NUL, which PostgreSQL refuses. Characters are code points.
    public static func isPlausible(_ key: String) -> Bool {
        let bytes = key.utf8
        guard 8...160 ~= bytes.count, !bytes.contains(0) else { return false }
        return 8...40 ~= key.unicodeScalars.count
    }
}
