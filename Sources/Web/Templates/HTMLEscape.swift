extension [UInt8] {
    /// Appends text with the five characters escaped that Django escapes, in Django's spelling.
    mutating func append(escaping text: String) {
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for index in bytes.indices {
                guard let entity = htmlEntity(bytes[index]) else { continue }
                append(contentsOf: bytes[start..<index])
                append(text: entity)
                start = index + 1
            }
            append(contentsOf: bytes[start...])
        }
    }
}

private func htmlEntity(_ byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "&"): "&amp;"
    case UInt8(ascii: "<"): "&lt;"
    case UInt8(ascii: ">"): "&gt;"
    case UInt8(ascii: "\""): "&quot;"
    case UInt8(ascii: "'"): "&#x27;"
    default: nil
    }
}

/// Django's `escape`.
func escapeHTML(_ text: String) -> String {
    var output: [UInt8] = []
    output.append(escaping: text)
    return String(decoding: output, as: UTF8.self)
}
