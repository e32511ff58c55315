/// Bytes to be looked for, prepared so that the search is linear whatever a peer chooses for the pattern and the text
/// (Knuth, Morris and Pratt).
struct BytePattern: Sendable {
    let bytes: [UInt8]
    /// For each length of a partial match, the length of the next shorter one that ends at the same place.
    private let shorter: [Int]

    init(_ bytes: [UInt8]) {
        var shorter = [0, 0]
        var matched = 0
        for byte in bytes.dropFirst() {
            while matched > 0, bytes[matched] != byte { matched = shorter[matched] }
            if bytes[matched] == byte { matched += 1 }
            shorter.append(matched)
        }
        self.bytes = bytes
        self.shorter = shorter
    }

    init(_ text: StaticString) {
        self.init(Array(text.description.utf8))
    }

    /// Where the pattern first begins.
    func firstIndex(in text: ArraySlice<UInt8>) -> Int? {
        var matched = 0
        for index in text.indices {
            let byte = text[index]
            while matched > 0, bytes[matched] != byte { matched = shorter[matched] }
            if bytes[matched] == byte { matched += 1 }
            if matched == bytes.count { return index + 1 - matched }
        }
        return nil
    }
}
