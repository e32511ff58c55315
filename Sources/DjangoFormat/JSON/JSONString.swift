import Glibc

/// A string of a JSON text that loses nothing: a sequence of code points in which, as in Python's `str`,
/// surrogates may stand alone.
///
/// Two strings are equal when their code points are: "é" composed and "é" decomposed differ, unlike Swift's `String`.
public struct JSONString: Hashable, Sendable {
    /// Swift's `String` holds all but the rare string with a lone surrogate, which needs WTF-8 (UTF-8 that admits it).
    private enum Storage: Sendable {
        case text(String)
        case wtf8([UInt8])
    }

    private let storage: Storage

    public init(_ string: String) {
        storage = .text(string)
    }

    /// The string of these UTF-16 code units; surrogates that form no pair are kept as they are.
    public init(utf16 codeUnits: some Sequence<UInt16>) {
        var bytes: [UInt8] = []
        var high: UInt16?
        for unit in codeUnits {
            if let first = high {
                high = nil
                if Surrogate.isLow(unit) {
                    WTF8.append(Surrogate.join(first, unit), to: &bytes)
                    continue
                }
                WTF8.append(UInt32(first), to: &bytes)
            }
            if Surrogate.isHigh(unit) { high = unit } else { WTF8.append(UInt32(unit), to: &bytes) }
        }
        if let high { WTF8.append(UInt32(high), to: &bytes) }
        self.init(wtf8: bytes)
    }

    /// The string of well-formed WTF-8.
    init(wtf8 bytes: [UInt8]) {
        storage = String(validating: bytes, as: UTF8.self).map(Storage.text) ?? .wtf8(bytes)
    }

    /// The same string in Swift's type, or nil if it holds a lone surrogate.
    public var string: String? {
        switch storage {
        case .text(let text): text
        case .wtf8: nil
        }
    }

    /// The number of code points, which is Python's `len`.
    public var unicodeScalarCount: Int {
        withBytes { bytes in
            var count = 0
            for index in bytes.indices where !WTF8.isContinuation(bytes[index]) { count += 1 }
            return count
        }
    }

    func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        switch storage {
        case .text(let text): body(text.utf8Span.span)
        case .wtf8(let bytes): body(bytes.span)
        }
    }

    public static func == (left: JSONString, right: JSONString) -> Bool {
        left.withBytes { left in
            right.withBytes { right in
                left.withUnsafeBytes { left in
                    right.withUnsafeBytes { right in
                        guard left.count == right.count else { return false }
                        guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                        return memcmp(first, second, left.count) == 0
                    }
                }
            }
        }
    }

    public func hash(into hasher: inout Hasher) {
        withBytes { bytes in bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
        hasher.combine(0xFF as UInt8)
    }
}

extension JSONString: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) {
        self.init(value)
    }
}

extension JSONString: CustomStringConvertible {
    /// The string for people: U+FFFD stands for each lone surrogate.
    public var description: String {
        switch storage {
        case .text(let text): return text
        case .wtf8(var bytes):
            for index in bytes.indices.dropLast(2) where bytes[index] == 0xED && bytes[index + 1] >= 0xA0 {
                bytes.replaceSubrange(index..<index + 3, with: [0xEF, 0xBF, 0xBD])
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
