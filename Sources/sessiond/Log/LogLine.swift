import DjangoFormat
import Glibc
import Logging

/// What is to be said.
struct LogRecord {
    /// Microseconds since 1970-01-01 UTC.
    var time: Int64
    var level: Logger.Level
    /// The label of the logger.
    var logger: String
    var message: String
    /// The number that the web server gave the request whose doing it is, if it is a request's.
    var requestID: String?
    var metadata: Logger.Metadata = [:]
}

/// One line of the log with the line break that ends it: printable ASCII, whatever a peer has sent, and never longer than
/// what a pipe takes in one piece, so that the lines of several processes do not mix.
///
///     {"time":"2026-01-02T03:04:05.000006Z","level":"warning","logger":"django.request","message":"Not Found",
///      "request_id":"5f1c…","pid":17,"metadata":{"path":"/x"}}
///     2026-01-02T03:04:05.000006Z warning django.request: Not Found path=/x request=5f1c…
struct LogLine {
    /// `PIPE_BUF`.
    static let longest = 4096
    /// Where a line is so long, no more metadata is added to it.
    private static let full = 2304
    /// So much of a value stands in a line.
    private static let longestText = 768
    private static let processID = String(getpid())

    private(set) var bytes: [UInt8] = []

    /// - Parameter isForJournal: whether systemd's journal reads it, which takes the priority from before a line.
    init(_ record: LogRecord, _ format: LogFormat, isForJournal: Bool = false) {
        bytes.reserveCapacity(512)
        if isForJournal { append("<\(record.level.priority)>") }
        switch format {
        case .json: appendJSON(record)
        case .human: appendHuman(record)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    // MARK: JSON

    private mutating func appendJSON(_ record: LogRecord) {
        append("{\"time\":\"")
        append(time: record.time)
        append("\",\"level\":\"")
        append(record.level.rawValue)
        append("\",\"logger\":")
        append(quoted: record.logger)
        append(",\"message\":")
        append(quoted: record.message)
        if let id = record.requestID {
            append(",\"request_id\":")
            append(quoted: id)
        }
        append(",\"pid\":")
        append(Self.processID)
        if !record.metadata.isEmpty {
            append(",\"metadata\":{")
            var separator = ""
            appendMetadata(of: record) { line, name, value in
                line.append(separator)
                line.append(quoted: name)
                line.append(":")
                line.append(quoted: value)
                separator = ","
            }
            append("}")
        }
        append("}")
    }

    // MARK: For people

    private mutating func appendHuman(_ record: LogRecord) {
        append(time: record.time)
        append(" \(record.level) ")
        append(escaped: record.logger)
        append(": ")
        append(escaped: record.message)
        appendMetadata(of: record) { line, name, value in line.append(name, is: value) }
        if let id = record.requestID { append("request", is: id) }
    }

    private mutating func append(_ name: String, is value: String) {
        append(" ")
        append(escaped: name)
        append("=")
        let isWord = !value.isEmpty && value.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }
        if isWord { append(escaped: value) } else { append(quoted: value) }
    }

    // MARK: Parts

    /// In the order of their names; what no longer fits is left out, and the line says so.
    private mutating func appendMetadata(of record: LogRecord, _ add: (inout LogLine, String, String) -> Void) {
        for (name, value) in record.metadata.sorted(by: { $0.key < $1.key }) {
            guard bytes.count < Self.full else { return add(&self, "cut", "true") }
            add(&self, name, "\(value)")
        }
    }

    private mutating func append(_ text: String) {
        text.utf8Span.span.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    private mutating func append(quoted text: String) {
        append("\"")
        append(escaped: text)
        append("\"")
    }

    /// As JSON writes a string between its quotes, in ASCII alone.
    private mutating func append(escaped text: String) {
        if text.utf8.count <= Self.longestText, Self.isPlain(text.utf8Span.span) { return append(text) }
        let end = bytes.count + Self.longestText
        for scalar in text.unicodeScalars {
            guard bytes.count < end else { return append("...") }
            switch scalar {
            case "\"", "\\": bytes += [UInt8(ascii: "\\"), UInt8(truncatingIfNeeded: scalar.value)]
            case " "..."~": bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default:
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                    append("\\u")
                    for shift in [12, 8, 4, 0] {
                        let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift) & 15)
                        bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit)
                    }
                }
            }
        }
    }

    /// Whether it stands for itself between the quotes of JSON.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            let byte = text[index]
            guard 0x20...0x7E ~= byte, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") else { return false }
        }
        return true
    }

    /// RFC 3339, in UTC.
    private mutating func append(time: Int64) {
        let (seconds, microseconds) = time.flooredDivision(by: 1_000_000)
        let (days, second) = seconds.flooredDivision(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        append(date.year, digits: 4)
        append("-")
        append(date.month, digits: 2)
        append("-")
        append(date.day, digits: 2)
        append("T")
        append(second / 3600, digits: 2)
        append(":")
        append(second / 60 % 60, digits: 2)
        append(":")
        append(second % 60, digits: 2)
        append(".")
        append(microseconds, digits: 6)
        append("Z")
    }

    private mutating func append(_ number: Int64, digits: Int) {
        var divisor: Int64 = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }
}

/// How lines are written (`LOG_FORMAT`).
enum LogFormat: String {
    case human
    /// An object in each line, for programs.
    case json
}

extension Logger.Level {
    /// What syslog and the journal call it.
    fileprivate var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
