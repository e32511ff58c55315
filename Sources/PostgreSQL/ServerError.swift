import CLibPQ

/// What kept a statement from its result.
public enum PostgresError: Error {
    /// The server refused it; the transaction was rolled back.
    case server(ServerError)
    /// The connection was lost, or the server did not answer in time: whether a write happened is unknown.
    case connectionLost(String)

    /// Whether the statement may be sent again without a look at what it did the first time.
    public var isSafeToRetry: Bool {
        switch self {
        case .connectionLost: false
        case .server(let error): error.isTransient
        }
    }
}

/// An error that PostgreSQL reported. Its description leaves out DETAIL, which quotes the row's values.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// Five characters, as in appendix A of PostgreSQL's manual.
    public let sqlState: String
    public let message: String

    public init(sqlState: String, message: String) {
        self.sqlState = sqlState
        self.message = message
    }

    init(_ result: PGResult) {
        sqlState = result.errorField(Int32(UInt8(ascii: "C"))) ?? "XX000"
        message = result.errorField(Int32(UInt8(ascii: "M"))) ?? "unknown error"
    }

    public var description: String { "\(message) (SQLSTATE \(sqlState))" }

    public static let lockNotAvailable = "55P03"
    public static let undefinedTable = "42P01"

    /// Serialization failures, deadlocks, prepared statements that the server has forgotten or that no longer fit their
    /// table: the same statement may succeed when tried again.
    public var isTransient: Bool { ["40001", "40P01", "26000", "0A000"].contains(sqlState) }

    /// States that a new connection mends: the server became a standby or shuts down, or forgot or outdated a prepared
    /// statement.
    var wantsNewConnection: Bool {
        ["25006", "26000", "0A000", "57P01", "57P02", "57P03"].contains(sqlState)
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .server(let error): error.description
        case .connectionLost(let reason): reason
        }
    }
}
