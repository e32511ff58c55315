import DjangoFormat
import Glibc

/// Files through which these tests and a real Django exchange vectors: one JSON object a line.
public enum VectorFiles {
    /// What Tests/Parity/vectors.py printed.
    public static let fromDjango = path("DJANGO_VECTORS")
    /// Where to write what Tests/Parity/check.py reads.
    public static let toDjango = path("SWIFT_VECTORS")

    /// What Tests/Parity/passwords.py printed.
    public static let passwords = path("PASSWORD_VECTORS")

    private static func path(_ variable: String) -> String? {
        getenv(variable).map { String(cString: $0) }
    }

    public struct FileError: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    public static func read(_ path: String) throws -> [JSONObject] {
        guard let file = fopen(path, "r") else { throw FileError(description: "\(path) cannot be opened") }
        defer { fclose(file) }
        var records: [JSONObject] = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while true {
            let length = getline(&line, &capacity, file)
            guard length > 0, let line else { return records }
            let bytes = UnsafeRawBufferPointer(start: line, count: length)
            guard let record = try JSON.decode([UInt8](bytes)).object else {
                throw FileError(description: "line \(records.count + 1) of \(path) is no object")
            }
            records.append(record)
        }
    }

    public static func write(_ records: [JSONObject], to path: String) throws {
        guard let file = fopen(path, "w") else { throw FileError(description: "\(path) cannot be written") }
        defer { fclose(file) }
        for record in records {
            let line = try JSON.encode(.object(record)) + [UInt8(ascii: "\n")]
            guard fwrite(line, 1, line.count, file) == line.count else {
                throw FileError(description: "\(path) cannot be written")
            }
        }
    }
}
