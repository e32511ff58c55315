import DjangoFormat
import Sessions

/// The three names under which Django keeps a login in a session, in the order in which it writes them.
enum SessionKeys {
    static let userID: JSONString = "_auth_user_id"
    static let backend: JSONString = "_auth_user_backend"
    static let hash: JSONString = "_auth_user_hash"
}

/// Whose a session says it is; nothing of it is proven.
public struct SessionClaim: Sendable {
    /// The account's id.
    public let userID: Int64
    /// `_auth_user_hash`; nil where it is missing or empty.
    public let hash: String?

    /// Reads it from a session's data.
    ///
    /// - Parameter backends: `AUTHENTICATION_BACKENDS`; of another backend's session nothing is believed.
    /// - Returns: nil for an anonymous session.
    public init?(_ session: Session, backends: [String]) async throws(SessionStoreError) {
        guard let id = try await session[SessionKeys.userID].flatMap(primaryKey),
            let backend = try await session[SessionKeys.backend]?.string,
            backends.contains(where: { $0.utf8.elementsEqual(backend.utf8) })
        else { return nil }
        userID = id
        hash = try await session[SessionKeys.hash]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A session's `_auth_user_id` as the number that it stands for (the `to_python` of Django's primary keys): Python's
/// `int`, of a text or a number. nil for a number that no row can have.
///
/// A text that is no number is an error in Django, and a page of its own for each request of that visitor. Here it is
/// an account that does not exist: it comes from a project whose accounts have other keys.
func primaryKey(_ value: JSONValue) -> Int64? {
    switch value {
    case .bool(let value): return value ? 1 : 0
    case .number(let number):
        if let integer = number.intValue { return Int64(integer) }
        return Int64(exactly: number.doubleValue.rounded(.towardZero))
    default: return value.string.flatMap(pythonInteger)
    }
}

/// Python's `int(text)` where the digits are ASCII: white space around it, a sign, single underscores between digits.
private func pythonInteger(_ text: String) -> Int64? {
    var digits = text.utf8[...]
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) || (0x1C...0x1F).contains(byte) }
    digits = digits.drop(while: isBlank)
    while let last = digits.last, isBlank(last) { digits.removeLast() }
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
    var value: Int64 = 0
    var mayBeUnderscore = false
    for byte in digits {
        if byte == UInt8(ascii: "_"), mayBeUnderscore {
            mayBeUnderscore = false
            continue
        }
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let (next, isTooLargeToo) = shifted.subtractingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
        guard !isTooLarge, !isTooLargeToo else { return nil }
        (value, mayBeUnderscore) = (next, true)
    }
    // It ends with a digit. Counted downwards, for there is one more number below zero than above.
    guard mayBeUnderscore else { return nil }
    return isNegative ? value : value == .min ? nil : -value
}
