import Glibc
import Testing

@testable import FastCGI

/// One record as bytes.
func record(
    _ kind: UInt8, _ content: [UInt8] = [], id: UInt16 = 1, padding: Int = 0, version: UInt8 = 1
) -> [UInt8] {
    let length = UInt16(content.count)
    return [
        version, kind, UInt8(id >> 8), UInt8(id & 0xff), UInt8(length >> 8), UInt8(length & 0xff), UInt8(padding), 0,
    ] + content + [UInt8](repeating: 0, count: padding)
}

func begin(role: UInt8 = 1, flags: UInt8 = 1, id: UInt16 = 1) -> [UInt8] {
    record(1, [0, role, flags, 0, 0, 0, 0, 0], id: id)
}

func pair(_ name: String, _ value: String) -> [UInt8] {
    func length(_ count: Int) -> [UInt8] {
        count < 128
            ? [UInt8(count)]
            : [UInt8(count >> 24) | 0x80, UInt8(count >> 16 & 0xff), UInt8(count >> 8 & 0xff), UInt8(count & 0xff)]
    }
    return length(name.utf8.count) + length(value.utf8.count) + Array(name.utf8) + Array(value.utf8)
}

@Suite("The look at a request before libfcgi reads it")
struct RequestScannerTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let expected: String
    }

    private static let get = pair("REQUEST_METHOD", "GET")
    private static let end = record(4) + record(5)

    static let rows: [Row] = [
        Row(testDescription: "a plain request", bytes: begin() + record(4, get) + end, expected: "complete"),
        Row(
            testDescription: "parameters over two records, cut within a pair",
            bytes: begin() + record(4, Array(get.prefix(5))) + record(4, Array(get.dropFirst(5))) + end,
            expected: "complete"),
        Row(
            testDescription: "a body",
            bytes: begin() + record(4, get) + record(4) + record(5, [1, 2, 3], padding: 5) + record(5),
            expected: "complete"),
        Row(
            testDescription: "an empty record with padding",
            bytes: begin() + record(4, get) + record(4, padding: 8) + record(5), expected: "complete, not plain"),
        Row(
            testDescription: "a beginning with padding, which libfcgi takes for a record",
            bytes: record(1, [0, 1, 1, 0, 0, 0, 0, 0], padding: 8) + record(4, get) + end,
            expected: "complete, not plain"),
        Row(
            testDescription: "a record of another request",
            bytes: begin() + record(5, [9], id: 7) + record(4, get) + end, expected: "complete, not plain"),
        Row(
            testDescription: "an unknown type within the request",
            bytes: begin() + record(42, [1]) + record(4, get) + end, expected: "complete, not plain"),
        Row(
            testDescription: "a management record first",
            bytes: record(9, pair("FCGI_MPXS_CONNS", ""), id: 0) + begin() + record(4, get) + end,
            expected: "reply 10, complete, not plain"),
        Row(
            testDescription: "an unknown management record", bytes: record(99, id: 0) + begin() + record(4, get) + end,
            expected: "reply 11, complete, not plain"),
        Row(
            testDescription: "names asked for six times, which breaks libfcgi's stack",
            bytes: record(9, Array([[UInt8]](repeating: pair("FCGI_MPXS_CONNS", ""), count: 6).joined()), id: 0),
            expected: "reply 10, incomplete, not plain"),
        Row(
            testDescription: "a second request inside the first", bytes: begin() + begin(id: 2) + record(4, get) + end,
            expected: "reply 3, complete, not plain"),
        Row(testDescription: "the same request begun twice", bytes: begin() + begin(), expected: "refused"),
        Row(testDescription: "an aborted request", bytes: begin() + record(4, get) + record(2), expected: "aborted"),
        Row(testDescription: "a role that is not the responder's", bytes: begin(role: 2), expected: "refused 3"),
        Row(
            testDescription: "another version", bytes: record(1, [0, 1, 0, 0, 0, 0, 0, 0], version: 2),
            expected: "refused"),
        Row(testDescription: "a beginning of the wrong length", bytes: record(1, [0, 1, 0]), expected: "refused"),
        Row(testDescription: "a body before the parameters end", bytes: begin() + record(5, [1]), expected: "refused"),
        Row(testDescription: "parameters before a beginning", bytes: record(4, get), expected: "refused"),
        Row(
            testDescription: "a length past the end", bytes: begin() + record(4, [5, 5, 65]) + end, expected: "refused"),
        Row(
            testDescription: "lengths of 2 GiB, on which libfcgi aborts",
            bytes: begin() + record(4, [0xff, 0xff, 0xff, 0xfe, 0, 65]) + end, expected: "refused"),
        Row(
            testDescription: "two lengths of 1 GiB", bytes: begin() + record(4, [0xc0, 0, 0, 0, 0xc0, 0, 0, 0]) + end,
            expected: "refused"),
        Row(
            testDescription: "NUL in a value", bytes: begin() + record(4, pair("A", "x\0y")) + end,
            expected: "complete, malformed"),
        Row(
            testDescription: "NUL in a name", bytes: begin() + record(4, pair("A\0B", "x")) + end,
            expected: "complete, malformed"),
        Row(
            testDescription: "= in a name", bytes: begin() + record(4, pair("HTTPS=on", "")) + end,
            expected: "complete, malformed"),
        Row(
            testDescription: "a body past the limit",
            bytes: begin() + record(4, get) + record(4) + record(5, [UInt8](repeating: 1, count: 101)) + record(5),
            expected: "complete, bodyTooLarge, not plain"),
        Row(
            testDescription: "a body past what is dropped",
            bytes: begin() + record(4, get) + record(4) + record(5, [UInt8](repeating: 1, count: 1001)),
            expected: "refused"),
        Row(
            testDescription: "parameters past the limit",
            bytes: begin() + record(4, pair("A", String(repeating: "x", count: 300))) + end,
            expected: "complete, parametersTooLarge, not plain"),
        Row(
            testDescription: "half a record", bytes: Array((begin() + record(4, get)).dropLast(3)),
            expected: "incomplete"),
    ]

    @Test("tells what is there", arguments: rows)
    func verdict(row: Row) {
        var limits = FastCGILimits()
        limits.parameters = 200
        limits.body = 100
        limits.discardedBody = 1000
        var scanner = RequestScanner(limits: limits)
        var words: [String] = []
        var offset = 0
        row.bytes.withUnsafeBytes { bytes in
            while !scanner.isComplete, let record = Record(at: UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
                offset += record.size
                switch scanner.take(record) {
                case .taken: continue
                case .reply(let reply): words.append("reply \(reply[1])")
                case .aborted: words.append("aborted")
                case .refused(let reply): words.append(reply.isEmpty ? "refused" : "refused \(reply[1])")
                }
                if let word = words.last, !word.hasPrefix("reply") { return }
            }
            words.append(scanner.isComplete ? "complete" : "incomplete")
            if let problem = scanner.problem { words.append("\(problem)") }
            if !scanner.isPlain { words.append("not plain") }
        }
        #expect(words.joined(separator: ", ") == row.expected)
    }

    @Test("every length of a cut request is incomplete, never an error")
    func everyCut() {
        let whole =
            begin() + record(4, Self.get + pair("A", String(repeating: "é", count: 100)), padding: 3) + record(4)
            + record(5, [1, 2]) + record(5)
        for count in 0..<whole.count {
            var scanner = RequestScanner(limits: FastCGILimits())
            var offset = 0
            whole[..<count].withUnsafeBytes { bytes in
                while let record = Record(at: UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
                    offset += record.size
                    guard case .taken = scanner.take(record) else {
                        Issue.record("cut at \(count)")
                        return
                    }
                }
            }
            #expect(!scanner.isComplete)
        }
    }
}

@Suite("Addresses to listen on")
struct ListeningSocketTests {
    @Test(
        "are read",
        arguments: [
            ("unix:/run/s.sock", ListeningSocket.Address.unix(path: "/run/s.sock")),
            ("127.0.0.1:9000", .tcp(host: "127.0.0.1", port: "9000")), ("[::1]:9000", .tcp(host: "::1", port: "9000")),
        ])
    func reads(text: String, address: ListeningSocket.Address) {
        #expect(ListeningSocket.Address(text) == address)
    }

    @Test(
        "or refused",
        arguments: [
            "", "unix:", "9000", ":9000", "host:", "host:0", "host:65536", "host:90x",
            "unix:/" + String(repeating: "x", count: 200),
        ])
    func refuses(text: String) {
        #expect(ListeningSocket.Address(text) == nil)
    }

    @Test(
        "and only some of them are this machine's own",
        arguments: [("127.0.0.1", true), ("127.9.8.7", true), ("0.0.0.0", false), ("::1", true), ("::", false)])
    func isLocal(host: String, isLocal: Bool) throws {
        let listener = try ListeningSocket.open(.tcp(host: host, port: "0"), mode: 0, backlog: 1)
        defer { close(listener) }
        #expect(ListeningSocket.isLocal(listener) == isLocal)
    }

    @Test func `a Unix socket is this machine's own, what is no socket is not`() throws {
        let address = ListeningSocket.Address.unix(path: "/tmp/sessiond-local-\(getpid()).sock")
        let listener = try ListeningSocket.open(address, mode: 0o600, backlog: 1)
        #expect(ListeningSocket.isLocal(listener))
        ListeningSocket.remove(address, listener: listener)
        #expect(!ListeningSocket.isLocal(-1))
    }
}
