/// A header value with parameters, such as `multipart/form-data; boundary=x` (Django's `parse_header_parameters`).
struct HeaderParameters {
    /// What stands before the parameters, in lower case.
    let value: String
    private let parameters: [(name: String, value: [UInt8])]

    init(_ header: ArraySlice<UInt8>) {
        var (head, rest) = header.cutOutsideQuotes(at: UInt8(ascii: ";"))
        value = String(decoding: head.trimmingBlanks.asciiLowercased, as: UTF8.self)
        var parameters: [(String, [UInt8])] = []
        while let tail = rest {
            (head, rest) = tail.cutOutsideQuotes(at: UInt8(ascii: ";"))
            let (name, text) = head.cut(at: UInt8(ascii: "="))
            let lowered = String(decoding: name.trimmingBlanks.asciiLowercased, as: UTF8.self)
            if !lowered.isEmpty { parameters.append(parameter(lowered, text?.trimmingBlanks ?? [])) }
        }
        self.parameters = parameters
    }

    /// The last parameter of that name.
    subscript(_ name: String) -> [UInt8]? {
        parameters.last { $0.name == name }?.value
    }
}

/// A parameter without its quotes; one whose name ends in `*` is percent-encoded behind a charset and a language
/// (RFC 2231).
private func parameter(_ name: String, _ text: ArraySlice<UInt8>) -> (String, [UInt8]) {
    guard name.hasSuffix("*") else { return (name, text.unquoted) }
    let apostrophe = UInt8(ascii: "'")
    let encoded = text.cut(at: apostrophe).1?.cut(at: apostrophe).1 ?? text
    return (String(name.dropLast()), encoded.percentDecoded)
}

extension ArraySlice<UInt8> {
    /// As ``cut(at:)``, but a separator in double quotes does not count.
    fileprivate func cutOutsideQuotes(at separator: UInt8) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?) {
        var isQuoted = false
        var isEscaped = false
        for index in indices {
            switch self[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\"): isEscaped = isQuoted
            case UInt8(ascii: "\""): isQuoted.toggle()
            case separator where !isQuoted: return (self[..<index], self[(index + 1)...])
            default: break
            }
        }
        return (self, nil)
    }

    fileprivate var unquoted: [UInt8] {
        let quote = UInt8(ascii: "\"")
        guard count >= 2, first == quote, last == quote else { return Array(self) }
        var result: [UInt8] = []
        var rest = dropFirst().dropLast()
        while let byte = rest.popFirst() {
            let isEscape = byte == UInt8(ascii: "\\") && (rest.first == quote || rest.first == byte)
            result.append(isEscape ? rest.removeFirst() : byte)
        }
        return result
    }
}
