import Glibc
import Sessions
import Synchronization

/// Django's `samesite`.
public typealias SameSite = SessionSettings.SameSite

/// One `Set-Cookie` header, written as Django writes it:
/// `sessionid=KEY; expires=Mon, 07 Dec 2026 02:07:28 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax`.
public struct SetCookie: Sendable {
    public let name: String
    public let value: String
    /// What stands behind the value, as it is sent.
    fileprivate let attributes: [UInt8]

    /// Django's `set_cookie`.
    /// - Parameters:
    ///   - value: any text; what may not stand in a cookie is quoted.
    ///   - maxAge: seconds from now; nil, without `expires`, makes a cookie that ends with the browser.
    ///   - expires: seconds since 1970-01-01 UTC; without it, `maxAge` from now.
    ///   - partitioned: whether a page that another site embeds has a cookie jar of its own there (CHIPS).
    /// - Throws: ``BadHeaderError`` where the name is no token, or path or domain hold `;` or control characters.
    public init(
        _ name: String, _ value: String, maxAge: Int? = nil, expires: Int64? = nil, path: String = "/",
        domain: String? = nil, secure: Bool = false, httpOnly: Bool = false, sameSite: SameSite? = nil,
        partitioned: Bool = false
    ) throws(BadHeaderError) {
        self = try PreparedCookie(
            name, path: path, domain: domain, secure: secure, httpOnly: httpOnly, sameSite: sameSite,
            partitioned: partitioned
        ).holding(value, maxAge: maxAge, expires: expires)
    }

    fileprivate init(_ name: String, _ value: String, attributes: [UInt8]) {
        (self.name, self.value, self.attributes) = (name, value, attributes)
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

    /// About how many bytes its header line has.
    var size: Int { name.utf8.count + value.utf8.count + attributes.count + 16 }

    /// What stands behind `Set-Cookie: `.
    func write(into output: inout [UInt8]) {
        output.append(text: name)
        output.append(text: "=")
        output.append(cookieValue: value)
        output.append(contentsOf: attributes)
    }
}

/// A cookie that is set again and again with the same attributes, which are checked once and written once a second.
public final class PreparedCookie: Sendable {
    private struct Lifetime: Equatable {
        var maxAge: Int?
        var expires: Int64?
    }

    private let name: String
    private let path: String
    private let domain: String?
    private let secure: Bool
    private let httpOnly: Bool
    private let sameSite: SameSite?
    private let partitioned: Bool
    private let last: Mutex<(lifetime: Lifetime, attributes: [UInt8])>

    /// - Throws: ``BadHeaderError`` where the name is no token, or path or domain hold `;` or control characters.
    public init(
        _ name: String, path: String = "/", domain: String? = nil, secure: Bool = false, httpOnly: Bool = false,
        sameSite: SameSite? = nil, partitioned: Bool = false
    ) throws(BadHeaderError) {
        guard !name.isEmpty, ASCIISet.cookie.containsAll(name) else {
            throw BadHeaderError(part: .cookieName)
        }
        guard path.utf8.allSatisfy({ $0.isCookieAttributeCharacter }),
            domain?.utf8.allSatisfy({ $0.isCookieAttributeCharacter }) ?? true
        else { throw BadHeaderError(part: .cookieAttribute) }
        (self.name, self.path, self.domain) = (name, path, domain)
        (self.secure, self.httpOnly, self.sameSite, self.partitioned) = (secure, httpOnly, sameSite, partitioned)
        last = Mutex((Lifetime(), []))
    }

    /// The cookie with this value; the rest as ``SetCookie/init(_:_:maxAge:expires:path:domain:secure:httpOnly:sameSite:partitioned:)``.
    public func holding(_ value: String, maxAge: Int? = nil, expires: Int64? = nil) -> SetCookie {
        let lifetime = Lifetime(
            maxAge: maxAge, expires: expires ?? maxAge.map { Int64(time(nil)).addingClamped(Int64($0)) })
        let attributes = last.withLock { last in
            if last.lifetime != lifetime || last.attributes.isEmpty { last = (lifetime, text(of: lifetime)) }
            return last.attributes
        }
        return SetCookie(name, value, attributes: attributes)
    }

    /// In the order of their lower-case names.
    private func text(of lifetime: Lifetime) -> [UInt8] {
        var output: [UInt8] = []
        if let domain, !domain.isEmpty { output.append(attribute: "; Domain=", domain) }
        if let expires = lifetime.expires { output.append(attribute: "; expires=", HTTPDate.format(expires)) }
        if httpOnly { output.append(attribute: "; HttpOnly", "") }
        if let maxAge = lifetime.maxAge { output.append(attribute: "; Max-Age=", String(maxAge)) }
        if partitioned { output.append(attribute: "; Partitioned", "") }
        if !path.isEmpty { output.append(attribute: "; Path=", path) }
        if let sameSite { output.append(attribute: "; SameSite=", sameSite.rawValue) }
        if secure { output.append(attribute: "; Secure", "") }
        return output
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
            return append(text: value)
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
