extension FilterExpression {
    /// Parses `operand|filter:argument|…`.
    convenience init(_ source: String, at location: SourceLocation) throws(TemplateSyntaxError) {
        var reader = OperandReader(source: source, rest: Array(source.utf8)[...], location: location)
        guard let operand = try reader.readOperand() else {
            throw TemplateSyntaxError(location, "a variable or a literal was expected in '\(source)'")
        }
        var calls: [Call] = []
        while let name = reader.readFilterName() {
            guard let filter = Filter.named[name] else {
                throw TemplateSyntaxError(location, "unknown filter '\(name)'")
            }
            let argument = reader.skip(":") ? try reader.readOperand() : nil
            guard filter.takes(argument: argument != nil) else {
                throw TemplateSyntaxError(
                    location, "filter '\(name)' \(argument == nil ? "needs an argument" : "takes no argument")")
            }
            calls.append(Call(filter: filter, argument: argument))
        }
        guard reader.rest.isEmpty else {
            let remainder = String(decoding: reader.rest, as: UTF8.self)
            throw TemplateSyntaxError(location, "cannot parse the remainder '\(remainder)' of '\(source)'")
        }
        self.init(operand: operand, calls: calls, location: location)
    }
}

/// Reads the parts of a filter expression from its bytes.
private struct OperandReader {
    let source: String
    var rest: ArraySlice<UInt8>
    let location: SourceLocation

    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// A filter's name behind `|`, white space allowed around it.
    mutating func readFilterName() -> String? {
        let bar = rest.drop { $0.isTemplateSpace }
        guard bar.first == UInt8(ascii: "|") else { return nil }
        let name = bar.dropFirst().drop { $0.isTemplateSpace }.prefix { $0.isWordCharacter }
        guard !name.isEmpty else { return nil }
        rest = rest[name.endIndex...]
        return String(decoding: name, as: UTF8.self)
    }

    mutating func readOperand() throws(TemplateSyntaxError) -> Operand? {
        if let text = readTranslation() ?? readQuotedString() { return .literal(.safe(text)) }
        var word = rest.prefix { $0.isWordCharacter || $0 == UInt8(ascii: ".") }
        if word.isEmpty, let sign = rest.first, [UInt8(ascii: "-"), UInt8(ascii: "+")].contains(sign) {
            let digits = rest.dropFirst()
            guard digits.first?.isASCIIDigit == true else { return nil }
            word =
                rest[
                    ..<digits.prefix { $0.isASCIIDigit || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }.endIndex]
        }
        guard !word.isEmpty else { return nil }
        rest = rest[word.endIndex...]
        return try operand(String(decoding: word, as: UTF8.self))
    }

    /// `_("…")`: text marked for translation. Django doubles its percent signs.
    private mutating func readTranslation() -> String? {
        var reader = self
        guard reader.skip("_("), let text = reader.readQuotedString(), reader.skip(")") else { return nil }
        self = reader
        return text.replacing(text: "%", with: "%%")
    }

    private mutating func readQuotedString() -> String? {
        guard let quote = rest.first, let end = rest.endOfQuotedString() else { return nil }
        let mark = String(decoding: [quote], as: UTF8.self)
        let text = String(decoding: rest[(rest.startIndex + 1)..<(end - 1)], as: UTF8.self)
        rest = rest[end...]
        return text.replacing(text: "\\" + mark, with: mark).replacing(text: "\\\\", with: "\\")
    }

    /// A number, or the name of a variable.
    private func operand(_ word: String) throws(TemplateSyntaxError) -> Operand {
        if let value = Int(word) { return .literal(.int(value)) }
        let isNumeric = word.utf8.first.map { !$0.isWordCharacter || $0.isASCIIDigit } ?? false
        if isNumeric, !word.hasSuffix("."), let value = Double(word) { return .literal(.double(value)) }
        let names = word.parts(separatedBy: ".")
        guard let first = names.first, names.allSatisfy({ !$0.isEmpty }) else {
            throw TemplateSyntaxError(location, "'\(word)' is not a variable")
        }
        guard names.allSatisfy({ $0.utf8.first != UInt8(ascii: "_") }) else {
            throw TemplateSyntaxError(location, "variables and attributes may not begin with an underscore: '\(word)'")
        }
        return .variable(Variable(name: first, attributes: Array(names.dropFirst())))
    }
}
