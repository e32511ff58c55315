import Glibc

/// Python's `%` format of one value, without the first `%`: `s`, `05d`, `-10s`, `.2f`, `#x`, `d%%`.
struct FormatSpecifier {
    private var alignsLeft = false
    private var fillsWithZeros = false
    private var isAlternate = false
    private var sign = ""
    private let width: Int
    private let precision: Int?
    private let conversion: Unicode.Scalar
    /// The text behind it.
    private let rest: String

    /// Nil where Python raises, or the width or precision is over 1,000.
    init?(_ text: String) {
        var rest = text.unicodeScalars[...]
        flags: while let flag = rest.first {
            switch flag {
            case "-": alignsLeft = true
            case "0": fillsWithZeros = true
            case "#": isAlternate = true
            case "+": sign = "+"
            case " ": sign = sign.isEmpty ? " " : sign
            default: break flags
            }
            rest.removeFirst()
        }
        func number(_ rest: inout Substring.UnicodeScalarView) -> Int? {
            let digits = rest.prefix { "0"..."9" ~= $0 }
            rest = rest[digits.endIndex...]
            return digits.isEmpty ? 0 : Int(String(digits))
        }
        guard let width = number(&rest), width <= 1000 else { return nil }
        self.width = width
        if rest.first == "." {
            rest.removeFirst()
            guard let precision = number(&rest), precision <= 1000 else { return nil }
            self.precision = precision
        } else {
            precision = nil
        }
        if let modifier = rest.first, "hlL".unicodeScalars.contains(modifier) { rest.removeFirst() }
        guard let conversion = rest.popFirst(), "sracdiuxXoeEfFgG".unicodeScalars.contains(conversion) else {
            return nil
        }
        self.conversion = conversion
        // A format behind it has no value.
        guard !String(rest).replacing(text: "%%", with: "").utf8.contains(UInt8(ascii: "%")) else { return nil }
        self.rest = String(rest).replacing(text: "%%", with: "%")
    }

    /// The formatted value; nil where it does not suit the conversion.
    func format(_ value: TemplateValue) -> String? {
        let formatted =
            switch conversion {
            case "s": truncated(value.description)
            case "r": truncated(value.representation)
            case "a": truncated(Self.ascii(value.representation))
            case "c": character(value).map { padded($0) }
            case "d", "i", "u": decimal(value).map { integer($0) }
            case "x", "X", "o": digits(of: value).map { integer($0, prefix: isAlternate ? "0\(conversion)" : "") }
            default: floating(value)
            }
        return formatted.map { $0 + rest }
    }

    // MARK: Text

    private func truncated(_ text: String) -> String {
        padded(precision.map { String(text.unicodeScalars.prefix($0)) } ?? text)
    }

    /// Python's `ascii()`, of what `repr()` gave.
    private static func ascii(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            let digits = String(scalar.value, radix: 16)
            func escape(_ letter: String, _ count: Int) -> String {
                "\\" + letter + String(repeating: "0", count: count - digits.utf8.count) + digits
            }
            return switch scalar.value {
            case ..<0x80: String(scalar)
            case ..<0x100: escape("x", 2)
            case ..<0x10000: escape("u", 4)
            default: escape("U", 8)
            }
        }.joined()
    }

    private func character(_ value: TemplateValue) -> String? {
        if let text = value.text { return text.unicodeScalars.count == 1 ? text : nil }
        guard let number = whole(value) else { return nil }
        return UInt32(exactly: number).flatMap(Unicode.Scalar.init).map { String($0) }
    }

    // MARK: Numbers

    private func whole(_ value: TemplateValue) -> Int? {
        switch value {
        case .int, .bool: value.asInteger
        default: nil
        }
    }

    /// All digits of a whole number, or of a number cut down to one.
    private func decimal(_ value: TemplateValue) -> String? {
        guard case .double(let number) = value else { return whole(value).map { String($0) } }
        // Zero is added for minus zero.
        return number.isFinite ? Self.printed(number.rounded(.towardZero) + 0, "%.*f", 0) : nil
    }

    private func digits(of value: TemplateValue) -> String? {
        whole(value).map { String($0, radix: conversion == "o" ? 8 : 16, uppercase: conversion == "X") }
    }

    private func integer(_ number: String, prefix: String = "") -> String {
        let missing = (precision ?? 0) - number.utf8.drop { $0 == UInt8(ascii: "-") }.count
        return signed(number, prefix: prefix + String(repeating: "0", count: max(0, missing)))
    }

    private func floating(_ value: TemplateValue) -> String? {
        guard value.text == nil, let number = value.asDouble else { return nil }
        let format = "%\(isAlternate ? "#" : "").*\(conversion)"
        return signed(Self.printed(number.isNaN ? .nan : number, format, precision ?? 6))
    }

    /// C's `printf`, with a format of a precision and a number.
    private static func printed(_ number: Double, _ format: String, _ precision: Int) -> String {
        String(unsafeUninitializedCapacity: 1400) { buffer in
            withVaList([CInt(clamping: precision), number]) { arguments in
                buffer.withMemoryRebound(to: CChar.self) { buffer in
                    max(0, min(Int(vsnprintf(buffer.baseAddress, buffer.count, format, arguments)), buffer.count - 1))
                }
            }
        }
    }

    // MARK: Width

    private func padded(_ text: String) -> String {
        let missing = String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
        return alignsLeft ? text + missing : missing + text
    }

    /// Zeros go between the sign, with what stands before the digits, and these.
    private func signed(_ number: String, prefix: String = "") -> String {
        let isNegative = number.utf8.first == UInt8(ascii: "-")
        let digits = isNegative ? String(number.unicodeScalars.dropFirst()) : number
        let start = (isNegative ? "-" : sign) + prefix
        guard fillsWithZeros, !alignsLeft else { return padded(start + digits) }
        return start + String(repeating: "0", count: max(0, width - start.utf8.count - digits.utf8.count)) + digits
    }
}
