/// Scheme and network location of a URL, as Python's `urlsplit` finds them.
struct SplitURL {
    /// Lower-case; empty where there is none.
    var scheme: String
    /// Host and port, user information too; empty where there is none.
    var netloc: ArraySlice<UInt8>

    /// The scheme of a URL, whether the rest is malformed or not.
    static func scheme(of url: ArraySlice<UInt8>) -> String { cutScheme(cleaned(url)).scheme }

    private static func cleaned(_ url: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let rest = url.drop { $0 <= 0x20 }
        return rest.contains { $0.isRemovedFromURLs } ? rest.filter { !$0.isRemovedFromURLs }[...] : rest
    }

    private static func cutScheme(_ url: ArraySlice<UInt8>) -> (scheme: String, rest: ArraySlice<UInt8>) {
        let (head, tail) = url.cut(at: UInt8(ascii: ":"))
        guard let tail, head.first?.isASCIILetter == true, head.allSatisfy({ $0.isSchemeCharacter }) else {
            return ("", url)
        }
        return (String(decoding: head.asciiLowercased, as: UTF8.self), tail)
    }

    /// - Returns: nil where the network location is malformed: unbalanced brackets, or bytes that are not ASCII.
    init?(_ url: ArraySlice<UInt8>) {
        let (scheme, rest) = Self.cutScheme(Self.cleaned(url))
        self.scheme = scheme
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
