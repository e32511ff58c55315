/// A prepared statement. Its name carries a hash of its SQL, so that an old and a new version of the program can share
/// a connection pool.
public struct Statement: Hashable, Sendable {
    public let sql: String
    let name: String

    public init(_ sql: String) {
        self.sql = sql
        // FNV-1a, 64 bits.
        let hash = sql.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        name = "sessiond_" + String(hash, radix: 36)
    }
}

/// A statement with its parameters.
public struct Query {
    public let statement: Statement
    public let parameters: [Parameter]

    public init(_ statement: Statement, _ parameters: [Parameter] = []) {
        self.statement = statement
        self.parameters = parameters
    }
}

/// A parameter in PostgreSQL's binary format: nothing is quoted, so nothing can be misquoted.
public struct Parameter: Sendable {
    let type: UInt32
    let bytes: [UInt8]?

    private init(type: UInt32, bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    public static func text(_ value: String?) -> Parameter { .text(value.map { Array($0.utf8) }) }

    public static func text(_ value: [UInt8]?) -> Parameter { Parameter(type: 25, bytes: value) }

    public static func integer(_ value: Int64) -> Parameter { Parameter(type: 20, bytes: bigEndian(value)) }

    public static func boolean(_ value: Bool) -> Parameter { Parameter(type: 16, bytes: [value ? 1 : 0]) }

    /// `timestamptz`, from microseconds since 1970-01-01 UTC.
    public static func timestamp(unixTime: Int64?) -> Parameter {
        Parameter(type: 1184, bytes: unixTime.map { bigEndian(PostgresTime.fromUnix($0)) })
    }

    public static func textArray(_ values: [String]) -> Parameter {
        var bytes = arrayHeader(elementType: 25, count: values.count, elementSize: 40)
        for var value in values {
            value.withUTF8 { utf8 in
                append(Int32(clamping: utf8.count), to: &bytes)
                bytes.append(contentsOf: utf8)
            }
        }
        return Parameter(type: 1009, bytes: bytes)
    }

    public static func textArray(_ values: [[UInt8]]) -> Parameter {
        var bytes = arrayHeader(elementType: 25, count: values.count, elementSize: 128)
        for value in values {
            append(Int32(clamping: value.count), to: &bytes)
            bytes.append(contentsOf: value)
        }
        return Parameter(type: 1009, bytes: bytes)
    }

    public static func integerArray(_ values: [Int64]) -> Parameter {
        var bytes = arrayHeader(elementType: 20, count: values.count, elementSize: 12)
        for value in values {
            append(8 as Int32, to: &bytes)
            append(value, to: &bytes)
        }
        return Parameter(type: 1016, bytes: bytes)
    }

    public static func timestampArray(unixTimes: [Int64]) -> Parameter {
        var bytes = arrayHeader(elementType: 1184, count: unixTimes.count, elementSize: 12)
        for time in unixTimes {
            append(8 as Int32, to: &bytes)
            append(PostgresTime.fromUnix(time), to: &bytes)
        }
        return Parameter(type: 1185, bytes: bytes)
    }

    /// One dimension, no NULLs, lower bound 1; an empty array has no dimension.
    private static func arrayHeader(elementType: Int32, count: Int, elementSize: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + count * elementSize)
        append(count == 0 ? 0 : 1 as Int32, to: &bytes)
        append(0 as Int32, to: &bytes)
        append(elementType, to: &bytes)
        if count > 0 {
            append(Int32(clamping: count), to: &bytes)
            append(1 as Int32, to: &bytes)
        }
        return bytes
    }

    private static func bigEndian(_ value: Int64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// The server counts its microseconds from 2000-01-01 UTC.
public enum PostgresTime {
    private static let epoch: Int64 = 946_684_800_000_000

    /// A time beyond the server's range becomes the nearest one within.
    static func fromUnix(_ time: Int64) -> Int64 { max(time, -62_135_596_800_000_000) - epoch }

    /// Microseconds since 1970-01-01 UTC; `infinity` stays the largest number.
    public static func unixTime(_ time: Int64) -> Int64 {
        let (value, overflow) = time.addingReportingOverflow(epoch)
        return overflow ? .max : value
    }
}
