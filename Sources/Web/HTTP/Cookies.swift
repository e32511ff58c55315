/// The cookies of a request, read as Django's `parse_cookie` reads them.
///
/// The header is split at `;`, each piece at its first `=`; a piece without one is the value of the nameless cookie; of
/// several cookies of one name the last counts; a value in double quotes is unquoted. Nothing is percent-decoded.
public struct Cookies: Sendable {
    private let header: ArraySlice<UInt8>
    private let pairs: [(name: Range<Int>, value: Range<Int>)]

    init(header: ArraySlice<UInt8>) {
        self.header = header
        pairs = pairsOfCookies(header)
    }

    /// The cookie of that name, nil where there is none. Bytes that are no UTF-8 become U+FFFD.
    public subscript(_ name: String) -> String? {
        guard let pair = pairs.last(where: { header[$0.name].equals(name) }) else { return nil }
        return String(decoding: unquoted(header[pair.value]), as: UTF8.self)
    }

    /// All cookies in the order in which their names first stand, each with its last value.
    public var all: [(name: String, value: String)] {
        var all: [(name: String, value: String)] = []
        var places: [[UInt8]: Int] = [:]
        for pair in pairs {
            let name = String(decoding: header[pair.name], as: UTF8.self)
            let value = String(decoding: unquoted(header[pair.value]), as: UTF8.self)
            let place = places[Array(name.utf8), default: all.count]
            if place < all.count { all[place].value = value } else { all.append((name, value)) }
            places[Array(name.utf8)] = place
        }
        return all
    }
}

/// The places of the names and values, without the white space around them.
private func pairsOfCookies(_ header: ArraySlice<UInt8>) -> [(name: Range<Int>, value: Range<Int>)] {
    var pairs: [(Range<Int>, Range<Int>)] = []
    var start = header.startIndex
    var equals: Int?
    for index in header.startIndex...header.endIndex {
        let byte = index < header.endIndex ? header[index] : UInt8(ascii: ";")
        if byte == UInt8(ascii: "="), equals == nil { equals = index }
        guard byte == UInt8(ascii: ";") else { continue }
        let name = header.stripped(equals.map { start..<$0 } ?? start..<start)
        let value = header.stripped((equals.map { $0 + 1 } ?? start)..<index)
        if !name.isEmpty || !value.isEmpty { pairs.append((name, value)) }
        (start, equals) = (index + 1, nil)
    }
    return pairs
}

/// Python's `http.cookies._unquote`.
private func unquoted(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let quote = UInt8(ascii: "\"")
    guard value.count >= 2, value.first == quote, value.last == quote else { return value }
    var rest = value.dropFirst().dropLast()
    guard rest.contains(UInt8(ascii: "\\")) else { return rest }
    var result: [UInt8] = []
    result.reserveCapacity(rest.count)
    while let byte = rest.popFirst() {
        if byte != UInt8(ascii: "\\") {
            result.append(byte)
        } else if let code = octalCode(rest) {
            result.append(latin1: code)
            rest = rest.dropFirst(3)
        } else if let escaped = rest.first, escaped != UInt8(ascii: "\n") {
            result.append(escaped)
            rest = rest.dropFirst()
        } else {
            result.append(byte)
        }
    }
    return result[...]
}

/// The character that three octal digits at the beginning stand for.
private func octalCode(_ bytes: ArraySlice<UInt8>) -> UInt8? {
    let digits = bytes.prefix(3)
    guard digits.count == 3, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0 }) else { return nil }
    let code = digits.reduce(0 as UInt16) { $0 << 3 | UInt16($1 & 7) }
    return UInt8(exactly: code)
}

extension ArraySlice<UInt8> {
    /// The range without the white space around it, as Python's `str.strip` knows it: that of ASCII with the separators
    /// U+001C to U+001F, and that of Unicode.
    fileprivate func stripped(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, let width = leadingSpace(start..<end) { start += width }
        while start < end, let width = trailingSpace(start..<end) { end -= width }
        return start..<end
    }

    private func leadingSpace(_ range: Range<Int>) -> Int? {
        let first = self[range.lowerBound]
        if first < 0x80 { return first.isPythonSpace ? 1 : nil }
        return wideSpaces.first { self[range].starts(with: $0) }?.count
    }

    private func trailingSpace(_ range: Range<Int>) -> Int? {
        let last = self[range.upperBound - 1]
        if last < 0x80 { return last.isPythonSpace ? 1 : nil }
        return wideSpaces.first { self[range].suffix($0.count).elementsEqual($0) }?.count
    }
}

extension UInt8 {
    fileprivate var isPythonSpace: Bool { self == 0x20 || 0x09...0x0D ~= self || 0x1C...0x1F ~= self }
}

private let wideSpaces: [[UInt8]] =
    (["\u{85}", "\u{A0}", "\u{1680}", "\u{2028}", "\u{2029}", "\u{202F}", "\u{205F}", "\u{3000}"]
    + (0x2000...0x200A).compactMap { Unicode.Scalar($0 as UInt32).map { String(Character($0)) } })
    .map { Array($0.utf8) }
