/// One line of a response's head. What exists is well-formed: a name or value that could begin another line is refused
/// when the field is made.
public struct HeaderField: Sendable, Equatable {
    public let name: String
    public let value: String
    /// As it is sent, line break included.
    let line: [UInt8]

    /// - Throws: ``BadHeaderError`` where the name is no token or the value holds CR, LF, NUL or another control
    ///   character than the tab (Django's error of that name).
    public init(_ name: String, _ value: String) throws(BadHeaderError) {
        guard !name.isEmpty, ASCIISet.token.containsAll(name) else { throw BadHeaderError(part: .name) }
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == UInt8(ascii: "\t") }) else {
            throw BadHeaderError(part: .value)
        }
        self.init(fixed: name, value)
    }

    /// A field whose text was written here, not by a peer or a setting.
    init(fixed name: String, _ value: String) {
        self.name = name
        self.value = value
        var line: [UInt8] = []
        line.reserveCapacity(name.utf8.count + value.utf8.count + 4)
        line.append(contentsOf: name.utf8)
        line.append(contentsOf: ": ".utf8)
        line.append(contentsOf: value.utf8)
        line.append(contentsOf: "\r\n".utf8)
        self.line = line
    }

    static let html = HeaderField(fixed: "Content-Type", "text/html; charset=utf-8")
    /// What keeps every cache from storing a response.
    static let neverCache = HeaderField(
        fixed: "Cache-Control", "max-age=0, no-cache, no-store, must-revalidate, private")

    func isNamed(_ other: String) -> Bool {
        guard name.utf8.count == other.utf8.count else { return false }
        let (own, other) = (name.utf8Span.span, other.utf8Span.span)
        for index in own.indices where own[index].asciiLowercased != other[index].asciiLowercased { return false }
        return true
    }

    static func allow(_ methods: [String]) -> HeaderField {
        HeaderField(fixed: "Allow", methods.joined(separator: ", "))
    }
}

/// A header's or a cookie's name, value or attribute would break out of its line. The text itself is not repeated: it may
/// be a secret.
public struct BadHeaderError: Error, Equatable, CustomStringConvertible {
    public enum Part: String, Sendable {
        case name, value, cookieName = "cookie name", cookieAttribute = "cookie attribute"
    }
    public let part: Part

    public var description: String { "the header's \(part.rawValue) holds characters that are not allowed there" }
}
