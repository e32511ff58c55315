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

    /// A `text[]` or `varchar[]` column of one dimension without NULLs; nil for anything else.
    public func strings(_ row: Int, _ column: Int) -> [String]? {
        guard let bytes = bytes(row, column) else { return nil }
        var rest = bytes[...]
        func takeInt32() -> Int? {
            guard rest.count >= 4 else { return nil }
            defer { rest = rest.dropFirst(4) }
            return Int(rest.prefix(4).reduce(Int32(0)) { $0 << 8 | Int32($1) })
        }
        guard let dimensions = takeInt32(), takeInt32() != nil, takeInt32() != nil else { return nil }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = takeInt32(), takeInt32() != nil else { return nil }
        var strings: [String] = []
        while strings.count < count {
            guard let length = takeInt32(), length >= 0, rest.count >= length else { return nil }
            strings.append(String(decoding: rest.prefix(length), as: UTF8.self))
            rest = rest.dropFirst(length)
        }
        return strings
    }
}
