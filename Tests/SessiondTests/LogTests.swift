import Glibc
import Logging
import Testing

@testable import sessiond

private func record(
    _ message: String = "Not Found", level: Logger.Level = .warning, id: String? = nil,
    _ metadata: Logger.Metadata = [:]
) -> LogRecord {
    LogRecord(
        time: 1_767_323_045_000_006, level: level, logger: "django.request", message: message, requestID: id,
        metadata: metadata)
}

private func text(_ record: LogRecord, _ format: LogFormat = .json, isForJournal: Bool = false) -> String {
    String(decoding: LogLine(record, format, isForJournal: isForJournal).bytes, as: UTF8.self)
}

@Suite struct LogLineTests {
    @Test func `a line for programs is one JSON object`() {
        let line = text(record(id: "5f1c", ["path": "/x", "status": "404"]))
        #expect(
            line == """
                {"time":"2026-01-02T03:04:05.000006Z","level":"warning","logger":"django.request",\
                "message":"Not Found","request_id":"5f1c","pid":\(getpid()),\
                "metadata":{"path":"/x","status":"404"}}

                """)
        #expect(!text(record()).contains("metadata") && !text(record()).contains("request_id"))
    }

    @Test func `a line for people has its values behind it`() {
        #expect(
            text(record(id: "5f1c", ["path": "/x", "reason": "gone \"for good\"", "empty": ""]), .human) == """
                2026-01-02T03:04:05.000006Z warning django.request: Not Found empty="" path=/x \
                reason="gone \\"for good\\"" request=5f1c

                """)
    }

    @Test(arguments: [
        (Logger.Level.trace, 7), (.debug, 7), (.info, 6), (.notice, 5), (.warning, 4), (.error, 3), (.critical, 2),
    ])
    func `the journal is told the level`(level: Logger.Level, priority: Int) {
        #expect(text(record(level: level), isForJournal: true).hasPrefix("<\(priority)>{"))
    }

    @Test(arguments: [LogFormat.json, .human])
    func `what a peer sends makes no line, no colour and no end of a text`(format: LogFormat) {
        let attack = "a\"\\\r\n\u{0}\u{1B}[31m\u{9B}\u{202E}é\u{1F600}"
        let line = text(record(attack, id: attack, [attack: .string(attack)]), format)
        #expect(line.utf8.dropLast().allSatisfy { 0x20...0x7E ~= $0 } && line.utf8.last == 0x0A)
        #expect(line.contains(#"a\"\\\u000d\u000a\u0000\u001b[31m\u009b\u202e\u00e9\ud83d\ude00"#))
    }

    @Test(arguments: [LogFormat.json, .human])
    func `no line is longer than a pipe takes in one piece`(format: LogFormat) {
        let long = String(repeating: "\u{1F600}", count: 1000)
        let many = Logger.Metadata(uniqueKeysWithValues: (0..<10).map { ("\($0)\(long)", .string(long)) })
        for metadata in [[:], ["one": .string(long)], many] {
            let line = text(record(long, id: long, metadata), format, isForJournal: true)
            #expect(line.utf8.count <= LogLine.longest && line.hasSuffix(format == .json ? "}\n" : "\n"))
        }
        #expect(text(record(long, many), format).contains("cut"))
    }
}

@Suite struct LogRepeatsTests {
    private let topic = LogRepeats.Topic(record("away"))

    @Test func `ten are said, the others counted at the end of each span`() {
        var repeats = LogRepeats()
        let said = (0..<25).map { _ in repeats.mayBeSaid(topic) }
        #expect(said == (0..<25).map { $0 < 10 })
        let others = repeats.mayBeSaid(LogRepeats.Topic(record("other")))
        var untold = repeats.endSpan().map(\.times)
        #expect(others && untold == [15])
        // It goes on.
        let again = repeats.mayBeSaid(topic)
        untold = repeats.endSpan().map(\.times)
        #expect(!again && untold == [1])
        // It has ended.
        untold = repeats.endSpan().map(\.times)
        #expect(untold.isEmpty && repeats.isEmpty)
        let later = repeats.mayBeSaid(topic)
        #expect(later)
    }
}

/// A log that writes into a pipe.
private final class PipedLog {
    private(set) var reader: Int32
    private let writer: Int32
    let log: ServiceLog

    init(_ settings: LogSettings = LogSettings()) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        (reader, writer) = (ends[0], ends[1])
        // F_SETPIPE_SZ
        _ = fcntl(writer, 1031, 4096)
        _ = fcntl(reader, F_SETFL, O_NONBLOCK)
        log = ServiceLog(settings, descriptor: writer)
        signal(SIGPIPE, SIG_IGN)
    }

    deinit {
        closeReader()
        close(writer)
    }

    func closeReader() {
        if reader >= 0 { close(reader) }
        reader = -1
    }

    func logger(_ label: String = "test") -> Logger { Logger(label: label) { log.handler($0) } }

    /// What was written since the last call.
    func read() -> String {
        var text = ""
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(reader, &chunk, chunk.count)
            guard count > 0 else { return text }
            text += String(decoding: chunk[..<count], as: UTF8.self)
        }
    }

    func lines() -> [Substring] { read().split(separator: "\n") }
}

@Suite(.timeLimit(.minutes(1))) struct ServiceLogTests {
    @Test func `levels below the setting are not written, but for the audit log`() throws {
        let piped = try PipedLog()
        piped.logger().info("nothing")
        piped.logger().notice("something")
        piped.logger("sessiond.audit").info("an event")
        piped.logger("sessiond.audit").debug("nothing")
        #expect(piped.lines().count == 2)
    }

    @Test func `repetitions are bounded from notice up`() throws {
        let piped = try PipedLog()
        for _ in 0..<12 { piped.logger().notice("again") }
        #expect(piped.lines().count == 10)
        for _ in 0..<12 { piped.logger("sessiond.audit").info("an event") }
        #expect(piped.lines().count == 12)
        piped.log.endSpan()
        #expect(piped.read().contains(#""message":"again","#))
        #expect(!piped.log.endSpan())
    }

    @Test func `metadata of logger, provider and event meet in a line`() throws {
        let piped = try PipedLog()
        let provider = Logger.MetadataProvider { ["request_id": "5f1c", "a": "provided"] }
        var logger = Logger(label: "test") { piped.log.handler($0, provider) }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger.error("failed", metadata: ["b": "event"])
        let line = piped.read()
        #expect(line.contains(#""request_id":"5f1c""#) && line.contains(#""metadata":{"a":"provided","b":"event"}"#))
    }

    @Test func `a full pipe loses lines, never waits, and the log says how many`() throws {
        let piped = try PipedLog()
        let audit = piped.logger("sessiond.audit")
        for number in 0..<200 { audit.info("event", metadata: ["number": "\(number)"]) }
        let written = piped.lines()
        #expect(1..<200 ~= written.count)
        #expect(written.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}}") })
        audit.info("later")
        let rest = piped.lines()
        try #require(rest.count == 2)
        #expect(rest[0].contains(#""metadata":{"lines":"\#(200 - written.count)"}"#))
        #expect(rest[1].contains(#""message":"later""#))
    }

    @Test func `a reader that has gone costs nothing but lines`() throws {
        let piped = try PipedLog()
        piped.closeReader()
        for _ in 0..<5 { piped.logger().error("nobody reads it") }
    }

    @Test func `a full disk costs nothing but lines`() throws {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        let log = ServiceLog(LogSettings(), descriptor: full)
        for _ in 0..<5 { Logger(label: "test") { log.handler($0) }.error("no room") }
    }
}
