import CLibPQ
import Glibc

/// Owns a `PGconn`; `PQfinish` stands here alone.
final class PGConnection {
    let pointer: OpaquePointer

    /// - Returns: nil where libpq has no memory.
    init?(parameters: [(name: String, value: String)]) {
        var names: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.name)) } + [nil]
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.value)) } + [nil]
        defer {
            for text in names + values { free(UnsafeMutablePointer(mutating: text)) }
        }
        guard let pointer = PQconnectStartParams(&names, &values, 0) else { return nil }
        self.pointer = pointer
        PQsetNoticeReceiver(pointer, ignoreNotice, nil)
    }

    deinit { PQfinish(pointer) }

    var errorMessage: String {
        let message = String(cString: PQerrorMessage(pointer))
        let line = message.prefix { $0 != "\n" }
        return line.isEmpty ? "the connection to PostgreSQL was lost" : String(line)
    }
}

private func ignoreNotice(_: UnsafeMutableRawPointer?, _: OpaquePointer?) {}

/// Owns a `PGresult`; `PQclear` stands here alone.
final class PGResult {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }

    func errorField(_ code: Int32) -> String? { PQresultErrorField(pointer, code).map { String(cString: $0) } }
}

/// The rows that a statement returned, in binary format.
public struct PostgresResult {
    let result: PGResult

    public var count: Int { Int(PQntuples(result.pointer)) }

    /// The rows that INSERT, UPDATE or DELETE touched.
    public var affected: Int { Int(String(cString: PQcmdTuples(result.pointer))) ?? 0 }

    /// The column's bytes, nil for NULL or where there is no such row or column. Valid while the result lives.
    func bytes(_ row: Int, _ column: Int) -> UnsafeBufferPointer<UInt8>? {
        let (row, column) = (Int32(clamping: row), Int32(clamping: column))
        guard row >= 0, row < PQntuples(result.pointer), column >= 0, column < PQnfields(result.pointer),
            PQgetisnull(result.pointer, row, column) == 0, let value = PQgetvalue(result.pointer, row, column)
        else { return nil }
        let length = Int(PQgetlength(result.pointer, row, column))
        return UnsafeBufferPointer(start: UnsafeRawPointer(value).assumingMemoryBound(to: UInt8.self), count: length)
    }

    /// The bytes of a `text` or `varchar` column.
    public func text(_ row: Int, _ column: Int) -> [UInt8]? { bytes(row, column).map { Array($0) } }

    /// A `text` or `varchar` column.
    public func string(_ row: Int, _ column: Int) -> String? {
        bytes(row, column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// An `integer`, `bigint`, `boolean` or `timestamptz` column; the last as ``PostgresTime`` says.
    public func integer(_ row: Int, _ column: Int) -> Int64? {
        guard let bytes = bytes(row, column), bytes.count <= 8, let first = bytes.first else { return nil }
        return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
    }
}
