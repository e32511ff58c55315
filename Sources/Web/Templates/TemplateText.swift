import DjangoFormat

extension TemplateValue {
    /// Python's `str()` of the value; an object gives its HTML.
    var description: String {
        switch self {
        case .none: "None"
        case .bool(let value): value ? "True" : "False"
        case .int(let value): String(value)
        case .double(let value): value.isFinite ? JSONNumber(value).text : value.description
        case .string(let text), .safe(let text): text
        case .object(let object): object.html
        case .list, .dictionary: representation
        }
    }

    /// Python's `repr()`, which is how the members of a list are printed.
    var representation: String {
        switch self {
        case .string(let text), .safe(let text):
            quoted(text)
        case .list(let elements):
            "[" + elements.map(\.representation).joined(separator: ", ") + "]"
        case .dictionary(let entries):
            "{"
                + entries.keys.sortedByCodePoint().map { quoted($0) + ": " + (entries[$0] ?? .none).representation }
                .joined(separator: ", ") + "}"
        case .none, .bool, .int, .double, .object:
            description
        }
    }

    /// Django's `conditional_escape`: the text as it may stand in HTML.
    var escaped: String {
        switch self {
        case .safe(let html): html
        case .object(let object): object.html
        default: escapeHTML(description)
        }
    }

    /// Appends what `{{ value }}` prints.
    func render(autoescape: Bool, into output: inout [UInt8]) {
        switch self {
        case .string(let text) where autoescape: output.append(escaping: text)
        case .string(let text), .safe(let text): output.append(text: text)
        case .object(let object): object.render(into: &output)
        case .double: output.append(text: DecimalText(description)?.positional ?? description)
        case .int, .bool, .none: output.append(text: description)
        case .list, .dictionary: autoescape ? output.append(escaping: description) : output.append(text: description)
        }
    }
}

private func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar =
        text.utf8.contains(UInt8(ascii: "'")) && !text.utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
        switch scalar {
        case quote, "\\": result.append(contentsOf: ["\\", scalar])
        case "\n": result.append(contentsOf: "\\n".unicodeScalars)
        case "\r": result.append(contentsOf: "\\r".unicodeScalars)
        case "\t": result.append(contentsOf: "\\t".unicodeScalars)
        case _ where scalar.value < 0x20 || scalar.value == 0x7F:
            result.append(contentsOf: ("\\x" + (scalar.value < 16 ? "0" : "")).unicodeScalars)
            result.append(contentsOf: String(scalar.value, radix: 16).unicodeScalars)
        default: result.append(scalar)
        }
    }
    result.append(quote)
    return String(result)
}
