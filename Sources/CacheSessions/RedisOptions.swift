/// The text names no cache that can be used.
public struct InvalidCacheLocation: Error, Equatable, CustomStringConvertible {
    public let description: String
    init(_ reason: String) { description = reason }
}

/// Where Redis is: the `LOCATION` that Django's `CACHES` gives its `RedisCache`, as redis-py reads it.
///
///     redis://127.0.0.1:6379/1      redis://user:password@cache.example:6379/1      unix:///run/redis/redis.sock?db=1
///
/// Of several addresses (separated by `,` or `;`) the first counts: Django writes there, and a replica may lag behind a
/// logout.
public struct RedisOptions: Sendable, Equatable {
    enum Address: Sendable, Equatable {
        case host(String, port: Int32)
        case unix(String)
    }

    let address: Address
    let user: String?
    let password: String?
    let database: Int

    /// - Throws: ``InvalidCacheLocation``, which does not repeat the text, because it may hold a password.
    public init(_ location: String) throws(InvalidCacheLocation) {
        let first = location.utf8.prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ";") }
        guard let url = String(first), let separator = url.utf8.firstRange(of: "://".utf8) else {
            throw InvalidCacheLocation("it is no URL such as redis://127.0.0.1:6379/1")
        }
        let rest = url[separator.upperBound...]
        switch url[..<separator.lowerBound] {
        case "redis": try self.init(rest, isUnix: false)
        case "unix": try self.init(rest, isUnix: true)
        case "rediss":
            throw InvalidCacheLocation("TLS (rediss://) is not supported; a local stunnel or a Unix socket can be used")
        default: throw InvalidCacheLocation("its scheme is not redis or unix")
        }
    }

    /// - Parameter rest: what stands behind `://`.
    private init(_ rest: Substring, isUnix: Bool) throws(InvalidCacheLocation) {
        guard !rest.utf8.contains(UInt8(ascii: "#")) else { throw InvalidCacheLocation("'#' must be written %23") }
        let (beforeQuery, query) = rest.cut("?")
        var (authority, path) = (beforeQuery, Substring())
        if let slash = beforeQuery.utf8.firstIndex(of: UInt8(ascii: "/")) {
            (authority, path) = (beforeQuery[..<slash], beforeQuery[slash...])
        }
        var credentials = Substring()
        if let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) {
            credentials = authority[..<at]
            authority = authority[authority.index(after: at)...]
        }
        let (name, secret) = credentials.cut(":")
        var values = ["username": try Self.decoded(name), "password": try Self.decoded(secret ?? "")]
        if let query {
            for field in query.split(separator: "&") {
                let (name, value) = field.cut("=")
                guard ["db", "username", "password"].contains(String(name)), let value else {
                    throw InvalidCacheLocation("it has an option that is not db, username or password")
                }
                values[String(name)] = try Self.decoded(value)
            }
        }
        if isUnix {
            guard authority.isEmpty, !path.isEmpty else { throw InvalidCacheLocation("it names no socket") }
            address = .unix(try Self.decoded(path))
        } else {
            address = try Self.host(authority)
            // redis-py: the path names the database, unless the option does.
            if values["db"] == nil, path.utf8.count > 1 { values["db"] = String(path.dropFirst()) }
        }
        guard let database = Int(values["db"] ?? "0"), database >= 0 else {
            throw InvalidCacheLocation("its database is not a number")
        }
        self.database = database
        user = values["username"].flatMap { $0.isEmpty ? nil : $0 }
        password = values["password"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func host(_ authority: Substring) throws(InvalidCacheLocation) -> Address {
        var (host, port) = (authority, Substring?.none)
        if authority.utf8.first == UInt8(ascii: "["), let end = authority.utf8.firstIndex(of: UInt8(ascii: "]")) {
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ":") else {
                throw InvalidCacheLocation("its host is malformed")
            }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            (host, port) = authority.cut(":")
        }
        guard let number = Int32(port ?? "6379"), (1...65535).contains(number) else {
            throw InvalidCacheLocation("its port is not a number from 1 to 65535")
        }
        return .host(host.isEmpty ? "localhost" : try decoded(host), port: number)
    }

    private static func decoded(_ text: Substring) throws(InvalidCacheLocation) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = Substring(rest.prefix(2))
            guard digits.utf8.count == 2, digits.utf8.first != UInt8(ascii: "+"), let value = UInt8(digits, radix: 16)
            else { throw InvalidCacheLocation("a '%' is not followed by two hexadecimal digits") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let result = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw InvalidCacheLocation("it is not UTF-8")
        }
        return result
    }
}

extension Substring {
    /// What stands before the first `separator`, and what stands behind it; nil where there is none.
    fileprivate func cut(_ separator: Unicode.Scalar) -> (Substring, Substring?) {
        guard let place = utf8.firstIndex(of: UInt8(ascii: separator)) else { return (self, nil) }
        return (self[..<place], self[utf8.index(after: place)...])
    }
}
