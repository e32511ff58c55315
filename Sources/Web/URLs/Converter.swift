/// Which text a part of a route takes (Django's path converters).
enum Converter: String, Sendable {
    case str, int, slug, uuid, path

    /// How many bytes at the beginning can belong to the part at most; none where it does not fit.
    func longestMatch(_ bytes: ArraySlice<UInt8>) -> Int {
        switch self {
        case .str: bytes.prefix { $0 != UInt8(ascii: "/") }.count
        case .path: bytes.prefix { $0 != UInt8(ascii: "\n") }.count
        case .int: bytes.prefix { $0.isASCIIDigit }.count
        case .slug:
            bytes.prefix { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
                .count
        case .uuid: isUUID(bytes.prefix(36)) ? 36 : 0
        }
    }

    /// Whether less than the longest match will do.
    var canBeShorter: Bool { self != .uuid }

    private func isUUID(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count == 36
            && bytes.enumerated().allSatisfy { offset, byte in
                switch offset {
                case 8, 13, 18, 23: byte == UInt8(ascii: "-")
                default: byte.isASCIIDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
                }
            }
    }
}
