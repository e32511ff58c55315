import DjangoFormat

/// A type that is one JSON value. Numbers keep every digit.
protocol JSONPrimitive {
    var jsonValue: JSONValue { get }
    init?(_ value: JSONValue)
}

extension Bool: JSONPrimitive {
    var jsonValue: JSONValue { .bool(self) }
    init?(_ value: JSONValue) {
        guard let bool = value.bool else { return nil }
        self = bool
    }
}

extension String: JSONPrimitive {
    var jsonValue: JSONValue { .string(self) }
    init?(_ value: JSONValue) {
        guard let string = value.string else { return nil }
        self = string
    }
}

extension Double: JSONPrimitive {
    var jsonValue: JSONValue { .double(self) }
    init?(_ value: JSONValue) {
        guard let double = value.double else { return nil }
        self = double
    }
}

extension Float: JSONPrimitive {
    /// The shortest text of a `Float`, not of the `Double` next to it.
    var jsonValue: JSONValue { .double(isFinite ? Double(description) ?? Double(self) : Double(self)) }
    init?(_ value: JSONValue) {
        guard let double = value.double else { return nil }
        self.init(double)
    }
}

extension FixedWidthInteger where Self: JSONPrimitive {
    var jsonValue: JSONValue { JSONNumber(text: String(self)).map { .number($0) } ?? .null }

    /// `1.0` is an integer too; a fraction, or what the type cannot hold, is none.
    init?(_ value: JSONValue) {
        guard let number = value.number else { return nil }
        if number.isInteger {
            guard let integer = Self(number.text) else { return nil }
            self = integer
        } else {
            self.init(exactly: number.doubleValue)
        }
    }
}

extension Int: JSONPrimitive {}
extension Int8: JSONPrimitive {}
extension Int16: JSONPrimitive {}
extension Int32: JSONPrimitive {}
extension Int64: JSONPrimitive {}
extension Int128: JSONPrimitive {}
extension UInt: JSONPrimitive {}
extension UInt8: JSONPrimitive {}
extension UInt16: JSONPrimitive {}
extension UInt32: JSONPrimitive {}
extension UInt64: JSONPrimitive {}
extension UInt128: JSONPrimitive {}

/// A place in an array.
struct IndexKey: CodingKey {
    let intValue: Int?
    var stringValue: String { "\(intValue ?? 0)" }
    init(_ index: Int) { intValue = index }
    init?(intValue: Int) { self.init(intValue) }
    init?(stringValue: String) { nil }
}

/// Where a class puts what its superclass encodes.
struct SuperKey: CodingKey {
    let stringValue = "super"
    var intValue: Int? { nil }
    init() {}
    init?(intValue: Int) { nil }
    init?(stringValue: String) { nil }
}
