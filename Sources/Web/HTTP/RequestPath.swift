/// The path that the URL patterns are asked for.
///
/// nginx sends it decoded and normalised as `DOCUMENT_URI`; other servers send `SCRIPT_NAME` and `PATH_INFO`.
func decodedPath(_ meta: Meta) -> String {
    let bytes = meta["DOCUMENT_URI"] ?? (meta["SCRIPT_NAME"] ?? []) + (meta["PATH_INFO"] ?? [])
    let path = bytes.isUTF8 ? String(decoding: bytes, as: UTF8.self) : percentEncodingBrokenUTF8(bytes)
    return path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
}

/// Percent-encodes the bytes that are no UTF-8 and leaves the others (Django's `repercent_broken_unicode`).
private func percentEncodingBrokenUTF8(_ bytes: ArraySlice<UInt8>) -> String {
    var output: [UInt8] = []
    var input = bytes.makeIterator()
    var position = bytes.startIndex
    var parser = UTF8.ForwardParser()
    while true {
        switch parser.parseScalar(from: &input) {
        case .valid(let scalar):
            output.append(contentsOf: scalar)
            position += scalar.count
        case .error(let length):
            for byte in bytes[position...].prefix(length) { output.append(percentEncoding: byte) }
            position += length
        case .emptyInput: return String(decoding: output, as: UTF8.self)
        }
    }
}
