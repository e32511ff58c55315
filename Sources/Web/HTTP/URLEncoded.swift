extension QueryDict {
    /// The fields of `application/x-www-form-urlencoded` bytes: a query string or a form.
    ///
    /// As in Django, `+` is a space, an invalid `%` sequence stays as it is, empty values are kept, percent-encoded bytes
    /// that are no UTF-8 become U+FFFD, and raw bytes that are no UTF-8 make the whole text Latin-1. Linear in time.
    /// - Parameter maxFields: `DATA_UPLOAD_MAX_NUMBER_FIELDS`; nil sets no limit.
    /// - Throws: ``HTTPError/badRequest(_:)`` (Django's `TooManyFieldsSent`).
    init(urlEncoded bytes: ArraySlice<UInt8>, maxFields: Int?) throws(HTTPError) {
        self.init()
        guard !bytes.isEmpty else { return }
        if let maxFields, bytes.count > maxFields, bytes.count(where: { $0 == UInt8(ascii: "&") }) >= maxFields {
            throw .tooManyFields
        }

        let text = bytes.isUTF8 ? bytes : latin1ToUTF8(bytes)[...]
        var scratch: [UInt8] = []
        for field in text.lazySplit(on: UInt8(ascii: "&")) where !field.isEmpty {
            let (name, value) = field.cut(at: UInt8(ascii: "="))
            append(decode(name, scratch: &scratch), decode(value ?? [], scratch: &scratch))
        }
    }
}

private func decode(_ component: ArraySlice<UInt8>, scratch: inout [UInt8]) -> String {
    guard component.place(of: UInt8(ascii: "%")) != nil || component.place(of: UInt8(ascii: "+")) != nil else {
        return String(decoding: component, as: UTF8.self)
    }
    scratch.removeAll(keepingCapacity: true)
    scratch.append(percentDecoding: component, plusIsSpace: true)
    return String(decoding: scratch, as: UTF8.self)
}

private func latin1ToUTF8(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * 2)
    for byte in bytes { result.append(latin1: byte) }
    return result
}
