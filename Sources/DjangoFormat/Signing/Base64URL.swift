/// URL-safe base64 without padding (`django.core.signing.b64_encode` and `b64_decode`).
public enum Base64URL {
    private static let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The six bits of each byte, 0xFF for those that stand for nothing. Python takes `+` and `/` here too.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (index, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(index) }
        values[Int(UInt8(ascii: "+"))] = 62
        values[Int(UInt8(ascii: "/"))] = 63
        return values
    }()

    public static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        append(bytes.span, to: &output)
        return output
    }

    static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        let alphabet = alphabet
        output.append(addingCapacity: (bytes.count + 2) / 3 * 4) { output in
            func append(_ bits: UInt32, _ shift: UInt32) { output.append(alphabet[Int(bits >> shift & 0x3F)]) }
            let wholeEnd = bytes.count - bytes.count % 3
            for index in stride(from: 0, to: wholeEnd, by: 3) {
                let bits = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                append(bits, 18)
                append(bits, 12)
                append(bits, 6)
                append(bits, 0)
            }
            guard wholeEnd < bytes.count else { return }
            let second = wholeEnd + 1 < bytes.count ? bytes[wholeEnd + 1] : nil
            let bits = UInt32(bytes[wholeEnd]) << 8 | UInt32(second ?? 0)
            append(bits, 10)
            append(bits, 4)
            if second != nil { append(bits << 2, 0) }
        }
    }

    public static func decode(_ text: [UInt8]) -> [UInt8]? {
        decode(text.span)
    }

    /// The bytes that `text`, padded to a multiple of four, stands for in Python's `urlsafe_b64decode`: characters that
    /// stand for nothing are passed over, and a complete padding ends the text. Nil where Python raises an error.
    static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var isValid = false
        let bytes = [UInt8](capacity: text.count / 4 * 3 + 3) { output in
            isValid = decode(text, into: &output)
        }
        return isValid ? bytes : nil
    }

    private static func decode(_ text: Span<UInt8>, into output: inout OutputSpan<UInt8>) -> Bool {
        let values = values
        func value(_ index: Int) -> UInt32 { UInt32(values[Int(text[index])]) }
        var index = 0
        // The usual text, in steps of four digits.
        while index + 4 <= text.count {
            let (first, second, third, fourth) = (value(index), value(index + 1), value(index + 2), value(index + 3))
            guard first | second | third | fourth < 64 else { break }
            let bits = first << 18 | second << 12 | third << 6 | fourth
            output.append(UInt8(truncatingIfNeeded: bits >> 16))
            output.append(UInt8(truncatingIfNeeded: bits >> 8))
            output.append(UInt8(truncatingIfNeeded: bits))
            index += 4
        }
        var (digits, pads) = (0, 0)
        var bits: UInt32 = 0
        for index in index..<text.count {
            let value = value(index)
            if value != 0xFF {
                bits = bits << 6 | value
                digits += 1
                pads = 0
                if digits > 1 { output.append(UInt8(truncatingIfNeeded: bits >> UInt32(8 - 2 * digits))) }
                digits %= 4
            } else if text[index] == UInt8(ascii: "="), digits > 1 {
                pads += 1
                if digits + pads == 4 { return true }
            }
        }
        // The padding that Django adds counts the characters passed over.
        let padding = (4 - text.count % 4) % 4
        return digits == 0 || digits > 1 && digits + pads + padding >= 4
    }
}
