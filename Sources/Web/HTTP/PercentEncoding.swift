/// A set of ASCII characters that is cheap to ask.
package struct ASCIISet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    package init(_ characters: String) {
        for byte in characters.utf8 where byte < 0x80 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
    }

    func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case ..<64: low >> UInt64(byte) & 1 == 1
        case ..<128: high >> UInt64(byte - 64) & 1 == 1
        default: false
        }
    }

    func containsAll(_ text: String) -> Bool {
        let bytes = text.utf8Span.span
        for index in bytes.indices where !contains(bytes[index]) { return false }
        return true
    }

    private static let alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    /// The unreserved characters of RFC 3986.
    package static let alwaysSafe = alphanumeric + "_.-~"
    /// What Python's `quote` leaves as it is, where `safe` is to be left too.
    static func unreserved(and safe: String) -> ASCIISet { ASCIISet(alwaysSafe + safe) }
    /// A token of HTTP (RFC 9110, section 5.6.2).
    static let token = ASCIISet(alphanumeric + "!#$%&'*+-.^_`|~")
    /// What Python's `http.cookies` leaves unquoted, and takes as a name.
    static let cookie = ASCIISet(alphanumeric + "!#$%&'*+-.^_`|~:")
    /// Django's `escape_uri_path`.
    static let path = ASCIISet(alwaysSafe + "/:@&+$,!*'()")
    /// Django's `QueryDict.urlencode(safe="/")`.
    static let queryValue = ASCIISet(alwaysSafe + "/")
    /// Django's `iri_to_uri`, for a URL that is one already but for some characters.
    static let uri = ASCIISet(alwaysSafe + "/#%[]=:;$&()+,!?*@'")
    /// The `pchar` of RFC 3986 and the slash, for a URL made from patterns.
    static let reversed = ASCIISet(alwaysSafe + "!$&'()*+,;=/:@")
}

/// Percent-encodes every byte that is not in `safe` (Python's `urllib.parse.quote`).
package func quote(_ bytes: some Collection<UInt8>, safe: ASCIISet) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    for byte in bytes {
        if safe.contains(byte) { output.append(byte) } else { output.append(percentEncoding: byte) }
    }
    return String(decoding: output, as: UTF8.self)
}

/// Django's `iri_to_uri`.
func iriToURI(_ bytes: some Collection<UInt8>) -> String { quote(bytes, safe: .uri) }

/// Keeps a browser from reading a path as `//host/…` (Django's `escape_leading_slashes`).
package func escapeLeadingSlashes(_ path: String) -> String {
    path.utf8.starts(with: "//".utf8) ? "/%2F" + String(decoding: path.utf8.dropFirst(2), as: UTF8.self) : path
}

extension [UInt8] {
    mutating func append(percentEncoding byte: UInt8) {
        append(UInt8(ascii: "%"))
        append(hexDigit: byte >> 4)
        append(hexDigit: byte & 15)
    }

    /// Appends the bytes with their `%` sequences decoded; invalid ones stay as they are.
    mutating func append(percentDecoding bytes: ArraySlice<UInt8>, plusIsSpace: Bool) {
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+"), plusIsSpace {
                append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let high = rest.first?.hexDigitValue,
                let low = rest.dropFirst().first?.hexDigitValue
            {
                append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                append(byte)
            }
        }
    }

    private mutating func append(hexDigit digit: UInt8) {
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
    }
}

extension ArraySlice<UInt8> {
    package var percentDecoded: [UInt8] {
        var output: [UInt8] = []
        output.append(percentDecoding: self, plusIsSpace: false)
        return output
    }
}
