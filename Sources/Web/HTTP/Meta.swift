/// The CGI parameters of one request (Django's `request.META`), all of them in one buffer.
///
/// Where a name stands twice the first counts, as in libfcgi's `FCGX_GetParam`; but several `HTTP_COOKIE` are one cookie
/// header in pieces (RFC 9113, section 8.2.3), which is what `cookieHeader` is for.
public struct Meta: Sendable {
    /// The places of a parameter's name and value in the buffer.
    package typealias Entry = (name: Range<Int>, value: Range<Int>)

    private var bytes: [UInt8]
    private var entries: [Entry]

    public init() { self.init(bytes: [], entries: []) }

    /// - Parameter entries: places within `bytes`.
    package init(bytes: [UInt8], entries: [Entry]) {
        self.bytes = bytes
        self.entries = entries
    }

    public mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: name)
        let middle = bytes.count
        bytes.append(contentsOf: value)
        entries.append((start..<middle, middle..<bytes.count))
    }

    public mutating func append(_ name: String, _ value: String) {
        append(name: name.utf8, value: value.utf8)
    }

    /// The bytes of a parameter, nil where there is none.
    public subscript(_ name: String) -> ArraySlice<UInt8>? {
        indexOfEntry(name, from: 0).map { bytes[entries[$0].value] }
    }

    /// A parameter as text; bytes that are no UTF-8 become U+FFFD.
    public func string(_ name: String) -> String? {
        self[name].map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of all parameters of that name, in their order.
    public func all(_ name: String) -> [ArraySlice<UInt8>] {
        var values: [ArraySlice<UInt8>] = []
        var next = indexOfEntry(name, from: 0)
        while let index = next {
            values.append(bytes[entries[index].value])
            next = indexOfEntry(name, from: index + 1)
        }
        return values
    }

    /// The whole `Cookie` header, its pieces joined by `; `.
    var cookieHeader: ArraySlice<UInt8> {
        var header: ArraySlice<UInt8> = []
        var next = indexOfEntry("HTTP_COOKIE", from: 0)
        while let index = next {
            if header.isEmpty {
                header = bytes[entries[index].value]
            } else {
                header.append(contentsOf: "; ".utf8)
                header.append(contentsOf: bytes[entries[index].value])
            }
            next = indexOfEntry("HTTP_COOKIE", from: index + 1)
        }
        return header
    }

    private func indexOfEntry(_ name: String, from start: Int) -> Int? {
        let (name, bytes, entries) = (name.utf8Span.span, bytes.span, entries.span)
        for index in start..<entries.count where entries[index].name.count == name.count {
            if bytes.extracting(entries[index].name).equals(name) { return index }
        }
        return nil
    }
}
