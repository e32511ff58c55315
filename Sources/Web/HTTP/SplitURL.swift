/// Scheme and network location of a URL, as Python's `urlsplit` finds them.
struct SplitURL {
    /// Lower-case; empty where there is none.
    var scheme: String
    /// Host and port, user information too; empty where there is none.
    var netloc: ArraySlice<UInt8>

    /// - Returns: nil where the network location is malformed: unbalanced brackets, or bytes that are not ASCII.
    init?(_ url: ArraySlice<UInt8>) {
        var rest = url.drop { $0 <= 0x20 }
        if rest.contains(where: { $0.isRemovedFromURLs }) { rest = rest.filter { !$0.isRemovedFromURLs }[...] }

        scheme = ""
        let (head, tail) = rest.cut(at: UInt8(ascii: ":"))
        if let tail, head.first?.isASCIILetter == true, head.allSatisfy({ $0.isSchemeCharacter }) {
            scheme = String(decoding: head.asciiLowercased, as: UTF8.self)
            rest = tail
        }

        netloc = []
        guard rest.starts(with: "//") else { return }
        netloc = rest.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        guard netloc.contains(UInt8(ascii: "[")) == netloc.contains(UInt8(ascii: "]")),
            netloc.allSatisfy({ $0 < 0x80 })
        else { return nil }
    }
}

extension UInt8 {
    fileprivate var isRemovedFromURLs: Bool {
        self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r") || self == UInt8(ascii: "\n")
    }

    fileprivate var isSchemeCharacter: Bool { isASCIILetter || isASCIIDigit || "+-.".utf8.contains(self) }
}
