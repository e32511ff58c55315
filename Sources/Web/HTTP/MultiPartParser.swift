/// Reads `multipart/form-data` (RFC 7578) as Django's `MultiPartParser` does; files are passed over.
///
/// A form without its closing boundary is an error, because it was cut off. No browser encodes its fields: what calls itself
/// base64 is taken as it stands, and another charset than UTF-8 is refused, where Django decodes both.
/// Linear in time: each byte is looked for the boundary once, and the head of a part has at most 1,024 bytes.
struct MultiPartParser {
    /// Django's `MAX_TOTAL_HEADER_SIZE`.
    private static let maxHeaderSize = 1024

    /// Two dashes and the boundary.
    private let separator: BytePattern
    private let settings: WebSettings

    /// - Throws: ``HTTPError/badRequest(_:)`` (Django's `MultiPartParserError`) for a boundary that is missing, longer than
    ///   201 characters, not printable ASCII, or ends in a space.
    init(boundary: [UInt8], settings: WebSettings) throws(HTTPError) {
        guard 1...201 ~= boundary.count, boundary.allSatisfy({ 0x20...0x7E ~= $0 }), boundary.last != 0x20 else {
            throw .badRequest("Invalid boundary in multipart")
        }
        separator = BytePattern(Array("--".utf8) + boundary)
        self.settings = settings
    }

    /// - Throws: ``HTTPError/badRequest(_:)`` for what is malformed, or has too many fields or files.
    func parse(_ body: [UInt8]) throws(HTTPError) -> QueryDict {
        var fields = QueryDict()
        guard !body.isEmpty else { return fields }
        guard var rest = cutAtSeparator(body[...])?.after else { throw .badRequest("Multipart form has no boundary") }
        var (fieldCount, fileCount) = (0, 0)
        while !rest.starts(with: "--") {
            guard let (content, after) = cutAtSeparator(rest) else {
                throw .badRequest("Multipart form ends without its closing boundary")
            }
            rest = after
            let part = try Part(content, maxHeaderSize: Self.maxHeaderSize)
            if part.isFile {
                fileCount += 1
                if let limit = settings.dataUploadMaxNumberFiles, fileCount > limit { throw .tooManyFiles }
            } else {
                fieldCount += 1
                if let limit = settings.dataUploadMaxNumberFields, fieldCount > limit { throw .tooManyFields }
                if let name = part.name { fields.append(name, String(decoding: part.content, as: UTF8.self)) }
            }
        }
        return fields
    }

    /// What stands before the next separator, without the line end that belongs to it, and what stands behind it.
    private func cutAtSeparator(_ bytes: ArraySlice<UInt8>) -> (before: ArraySlice<UInt8>, after: ArraySlice<UInt8>)? {
        guard let start = separator.firstIndex(in: bytes) else { return nil }
        var before = bytes[..<start]
        if before.last == UInt8(ascii: "\n") { before.removeLast() }
        if before.last == UInt8(ascii: "\r") { before.removeLast() }
        return (before, bytes[(start + separator.bytes.count)...])
    }
}

/// One part of the form.
private struct Part {
    private static let lineEnd = BytePattern("\r\n")
    private static let blankLine = BytePattern("\r\n\r\n")

    /// Nil where the part does not say what it is.
    var name: String?
    var isFile = false
    var content: ArraySlice<UInt8> = []

    init(_ bytes: ArraySlice<UInt8>, maxHeaderSize: Int) throws(HTTPError) {
        let head = bytes.prefix(maxHeaderSize)
        guard let end = Self.blankLine.firstIndex(in: head) else {
            if head.count < maxHeaderSize { return }
            throw .badRequest("Request max total header size exceeded.")
        }
        content = bytes[(end + 4)...]
        var lines = head[..<end]
        while !lines.isEmpty {
            let lineEnd = Self.lineEnd.firstIndex(in: lines) ?? lines.endIndex
            read(header: lines[..<lineEnd])
            lines = lines[lineEnd...].dropFirst(2)
        }
    }

    private mutating func read(header line: ArraySlice<UInt8>) {
        let header = HeaderParameters(line)
        guard line.isUTF8, header.value.utf8.starts(with: "content-disposition:".utf8) else { return }
        name = header["name"].map { String(decoding: $0[...].trimmingBlanks, as: UTF8.self) }
        isFile = header["filename"]?.isEmpty == false
    }
}

extension HTTPError {
    fileprivate static let tooManyFiles = badRequest(
        "The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES.")
}
