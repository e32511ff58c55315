import Glibc
import Sessions

/// Django's `samesite`.
public typealias SameSite = SessionSettings.SameSite

/// One `Set-Cookie` header, written as Django writes it:
/// `sessionid=KEY; expires=Mon, 07 Dec 2026 02:07:28 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax`.
public struct SetCookie: Sendable {
    public let name: String
    public let value: String
    /// Seconds from now; nil, without `expires`, makes a cookie that ends with the browser.
    public let maxAge: Int?
    /// Seconds since 1970-01-01 UTC.
    public let expires: Int64?
    public let path: String
    public let domain: String?
    public let secure: Bool
    public let httpOnly: Bool
    public let sameSite: SameSite?
    /// Whether a page that another site embeds has a cookie jar of its own there (CHIPS).
    public let partitioned: Bool

    /// Django's `set_cookie`.
    /// - Parameters:
    ///   - value: any text; what may not stand in a cookie is quoted.
    ///   - expires: seconds since 1970; without it, `maxAge` from now.
    /// - Throws: ``BadHeaderError`` where the name is no token, or path or domain hold `;` or control characters.
    public init(
        _ name: String, _ value: String, maxAge: Int? = nil, expires: Int64? = nil, path: String = "/",
        domain: String? = nil, secure: Bool = false, httpOnly: Bool = false, sameSite: SameSite? = nil,
        partitioned: Bool = false
    ) throws(BadHeaderError) {
        guard !name.isEmpty, ASCIISet.cookie.containsAll(name) else {
            throw BadHeaderError(part: .cookieName)
        }
        guard path.utf8.allSatisfy({ $0.isCookieAttributeCharacter }),
            domain?.utf8.allSatisfy({ $0.isCookieAttributeCharacter }) ?? true
        else { throw BadHeaderError(part: .cookieAttribute) }
        self.name = name
        self.value = value
        self.maxAge = maxAge
        self.expires = expires ?? maxAge.map { Int64(time(nil)).addingClamped(Int64($0)) }
        self.path = path
        self.domain = domain
        self.secure = secure
        self.httpOnly = httpOnly
        self.sameSite = sameSite
        self.partitioned = partitioned
    }

    /// The cookie that makes a browser forget the one of that name, path, domain and partition (Django's `delete_cookie`).
    /// - Parameter secure: whether the cookie was. This one is `Secure` also where browsers would ignore it otherwise: by
    ///   its name's prefix, with `SameSite=None`, or with `Partitioned`.
    /// - Throws: as ``init(_:_:maxAge:expires:path:domain:secure:httpOnly:sameSite:partitioned:)``.
    public static func delete(
        _ name: String, path: String = "/", domain: String? = nil, secure: Bool = false, sameSite: SameSite? = nil,
        partitioned: Bool = false
    ) throws(BadHeaderError) -> SetCookie {
        let hasPrefix = name.utf8.starts(with: "__Secure-".utf8) || name.utf8.starts(with: "__Host-".utf8)
        return try SetCookie(
            name, "", maxAge: 0, expires: 0, path: path, domain: domain,
            secure: secure || hasPrefix || sameSite == .some(.none) || partitioned, sameSite: sameSite,
            partitioned: partitioned)
    }

    /// What stands behind `Set-Cookie: `; the attributes in the order of their lower-case names.
    func write(into output: inout [UInt8]) {
        output.append(contentsOf: name.utf8)
        output.append(UInt8(ascii: "="))
        output.append(cookieValue: value)
        if let domain, !domain.isEmpty { output.append(attribute: "; Domain=", domain) }
        if let expires { output.append(attribute: "; expires=", HTTPDate.format(expires)) }
        if httpOnly { output.append(attribute: "; HttpOnly", "") }
        if let maxAge { output.append(attribute: "; Max-Age=", String(maxAge)) }
        if partitioned { output.append(attribute: "; Partitioned", "") }
        if !path.isEmpty { output.append(attribute: "; Path=", path) }
        if let sameSite { output.append(attribute: "; SameSite=", sameSite.rawValue) }
        if secure { output.append(attribute: "; Secure", "") }
    }
}

extension [UInt8] {
    fileprivate mutating func append(attribute: String, _ value: String) {
        append(contentsOf: attribute.utf8)
        append(contentsOf: value.utf8)
    }

    /// Python's `http.cookies` quoting: in double quotes where a character is not plain, then `"` and `\` behind a
    /// backslash and other characters below U+0100 as three octal digits.
    fileprivate mutating func append(cookieValue value: String) {
        if !value.isEmpty, ASCIISet.cookie.containsAll(value) {
            return append(contentsOf: value.utf8)
        }
        append(UInt8(ascii: "\""))
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                append(UInt8(ascii: "\\"))
                append(UInt8(truncatingIfNeeded: scalar.value))
            case _ where scalar.isUnquotedInCookies: append(UInt8(truncatingIfNeeded: scalar.value))
            case "\0"..."\u{FF}":
                append(UInt8(ascii: "\\"))
                for shift in [6, 3, 0] as [UInt32] {
                    append(UInt8(ascii: "0") + UInt8(scalar.value >> shift & 7))
                }
            default: append(contentsOf: Character(scalar).utf8)
            }
        }
        append(UInt8(ascii: "\""))
    }
}

extension Unicode.Scalar {
    fileprivate var isUnquotedInCookies: Bool {
        isASCII
            && (ASCIISet.token.contains(UInt8(truncatingIfNeeded: value))
                || ": ()/<=>?@[]{}".unicodeScalars.contains(self))
    }
}

extension UInt8 {
    fileprivate var isCookieAttributeCharacter: Bool { self >= 0x20 && self != 0x7F && self != UInt8(ascii: ";") }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
