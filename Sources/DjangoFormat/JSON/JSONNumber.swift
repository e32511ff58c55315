/// A number of a JSON text, kept as the text that it was written with: `1` and `1.0` differ, and no digit of a large
/// integer is lost.
///
/// `NaN`, `Infinity` and `-Infinity` are numbers too, as in Python's `json`.
public struct JSONNumber: Hashable, Sendable {
    /// The number as it stands in JSON: ASCII.
    public let text: String

    init(uncheckedText text: String) {
        self.text = text
    }

    /// The number that this text is, or nil if it is none that `JSON.decode` accepts. For integers past `Int`.
    public init?(text: String) {
        guard let value = try? JSON.decode(text.utf8Span.span), case .number(let number) = value else { return nil }
        self = number
    }

    public init(_ value: Int) {
        text = String(value)
    }

    /// The shortest text that reads back as `value`, in the form of Python's `repr`: `1.0`, `1e-05`, `NaN`.
    public init(_ value: Double) {
        text =
            switch value {
            case _ where value.isNaN: "NaN"
            case .infinity: "Infinity"
            case -.infinity: "-Infinity"
            // Swift goes over to the exponent at 2^53, Python at 1e16.
            case -1e16 + 2 ... -0x1p53, 0x1p53...1e16 - 2: "\(Int(value)).0"
            default: value.description
            }
    }

    /// Whether Python reads the number as an `int`: neither fraction nor exponent.
    public var isInteger: Bool {
        text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    /// The value of an integer that fits `Int`.
    public var intValue: Int? {
        Int(text)
    }

    /// The nearest `Double`; infinite past its range.
    public var doubleValue: Double {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: Double(text) ?? .nan
        }
    }
}
