import Web

/// A record of the FastCGI protocol as it lies in a buffer: an 8-byte header, the content, the padding.
struct Record {
    static let headerSize = 8

    enum Kind {
        static let beginRequest: UInt8 = 1
        static let abortRequest: UInt8 = 2
        static let endRequest: UInt8 = 3
        static let parameters: UInt8 = 4
        static let body: UInt8 = 5
        static let getValues: UInt8 = 9
        static let getValuesResult: UInt8 = 10
        static let unknownType: UInt8 = 11
    }

    let version: UInt8
    let kind: UInt8
    let requestID: UInt16
    let content: UnsafeRawBufferPointer
    let paddingLength: Int

    /// Bytes of the whole record.
    var size: Int { Record.headerSize + content.count + paddingLength }

    /// The record at the start of `bytes`, nil while it is not there as a whole.
    init?(at bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Record.headerSize else { return nil }
        let contentLength = Int(bytes[4]) << 8 | Int(bytes[5])
        paddingLength = Int(bytes[6])
        guard bytes.count >= Record.headerSize + contentLength + paddingLength else { return nil }
        version = bytes[0]
        kind = bytes[1]
        requestID = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        content = UnsafeRawBufferPointer(rebasing: bytes[Record.headerSize..<Record.headerSize + contentLength])
    }

    /// Appends a record without padding.
    static func append(
        _ kind: UInt8, _ requestID: UInt16, _ content: some Collection<UInt8>, to bytes: inout [UInt8]
    ) {
        let length = UInt16(clamping: content.count)
        bytes += [
            1, kind, UInt8(requestID >> 8), UInt8(requestID & 0xff), UInt8(length >> 8), UInt8(length & 0xff), 0, 0,
        ]
        bytes += content.prefix(Int(length))
    }

    /// Appends a stream in as few records as it takes, the empty one that ends it included.
    static func append(stream kind: UInt8, _ requestID: UInt16, _ content: [UInt8], to bytes: inout [UInt8]) {
        var rest = content[...]
        while !rest.isEmpty {
            append(kind, requestID, rest.prefix(Int(UInt16.max)), to: &bytes)
            rest = rest.dropFirst(Int(UInt16.max))
        }
        append(kind, requestID, [], to: &bytes)
    }
}

/// The name-value pairs of FastCGI: each length is one byte, or four with the top bit set.
struct PairReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    /// Whether a length reached past the end.
    private(set) var isCut = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The places of the next name and value; nil at the end, and where one is cut.
    mutating func next() -> Meta.Entry? {
        guard position < bytes.count else { return nil }
        guard let nameLength = length(), let valueLength = length(), nameLength <= bytes.count - position,
            valueLength <= bytes.count - position - nameLength
        else {
            isCut = true
            return nil
        }
        let middle = position + nameLength
        defer { position = middle + valueLength }
        return (position..<middle, middle..<middle + valueLength)
    }

    private mutating func length() -> Int? {
        guard position < bytes.count else { return nil }
        let first = bytes[position]
        if first < 0x80 {
            position += 1
            return Int(first)
        }
        guard bytes.count - position >= 4 else { return nil }
        defer { position += 4 }
        return bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7fff_ffff
    }
}
