/// A name of this server, or of all servers below a domain: `example.com`, `.example.com` (Django's `is_same_domain`).
struct HostPattern: Sendable {
    private let bytes: ArraySlice<UInt8>

    init(_ pattern: String) { bytes = Array(pattern.utf8)[...].asciiLowercased[...] }

    /// Whether `host`, in lower case, is the name or, where that begins with a dot, belongs to it.
    func matches(_ host: ArraySlice<UInt8>) -> Bool {
        guard bytes.first == UInt8(ascii: ".") else { return !bytes.isEmpty && host == bytes }
        return host == bytes.dropFirst() || host.suffix(bytes.count) == bytes
    }
}

/// Which of the names that clients call this server by are its own (Django's `ALLOWED_HOSTS` and `validate_host`).
struct AllowedHosts: Sendable {
    private let allowsAll: Bool
    private let patterns: [HostPattern]

    /// - Parameter names: without any, the local machine's own names are allowed.
    init(_ names: [String]) {
        allowsAll = names.contains("*")
        patterns = (names.isEmpty ? [".localhost", "127.0.0.1", "[::1]"] : names).map { HostPattern($0) }
    }

    /// - Parameter domain: as ``domain(of:)`` gives it.
    func contains(domain: ArraySlice<UInt8>) -> Bool { allowsAll || patterns.contains { $0.matches(domain) } }

    /// What a `Host` header names, without its port and trailing dot, in lower case; nil where it is malformed: it must be
    /// `[a-z0-9.-]+` or `\[[a-f0-9]*:[a-f0-9.:]+\]`, then perhaps `:` and digits.
    static func domain(of host: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let hasCapitals = host.contains { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
        let host = hasCapitals ? host.asciiLowercased[...] : host
        let isIPv6 = host.first == UInt8(ascii: "[")
        let name: ArraySlice<UInt8>
        if isIPv6 {
            guard let bracket = host.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            name = host[...bracket]
            let (first, rest) = name.dropFirst().dropLast().cut(at: UInt8(ascii: ":"))
            guard first.allSatisfy({ $0.isHexDigit }), let rest, !rest.isEmpty,
                rest.allSatisfy({ $0.isHexDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":") })
            else { return nil }
        } else {
            name = host.prefix { $0.isDomainCharacter }
            guard !name.isEmpty else { return nil }
        }
        let port = host[name.endIndex...]
        guard port.isEmpty || isPort(port) else { return nil }
        let domain = name.last == UInt8(ascii: ".") ? name.dropLast() : name
        return domain.isEmpty ? nil : domain
    }

    private static func isPort(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 2 && bytes.first == UInt8(ascii: ":") && bytes.dropFirst().allSatisfy { $0.isASCIIDigit }
    }
}

extension UInt8 {
    fileprivate var isHexDigit: Bool { hexDigitValue != nil }

    fileprivate var isDomainCharacter: Bool {
        isASCIILetter || isASCIIDigit || self == UInt8(ascii: ".") || self == UInt8(ascii: "-")
    }
}
