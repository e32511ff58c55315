/// One line of a response's head. What exists is well-formed: a name or value that could begin another line is refused
/// when the field is made.
public struct HeaderField: Sendable, Equatable {
    /// As it is sent, line break included.
    let line: [UInt8]
    private let nameLength: Int

    public var name: String { String(decoding: line[..<nameLength], as: UTF8.self) }
    public var value: String { String(decoding: line[(nameLength + 2)..<(line.count - 2)], as: UTF8.self) }

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
        nameLength = name.utf8.count
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

    /// Whether this is its name, whatever the case.
    func isNamed(_ name: String) -> Bool { isNamed(name.utf8Span.span) }

    func hasName(of other: HeaderField) -> Bool {
        nameLength == other.nameLength && isNamed(other.line.span.extracting(first: other.nameLength))
    }

    private func isNamed(_ name: Span<UInt8>) -> Bool {
        guard name.count == nameLength else { return false }
        let line = line.span
        for index in name.indices where name[index].asciiLowercased != line[index].asciiLowercased { return false }
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
