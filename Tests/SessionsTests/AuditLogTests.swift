import DjangoFormat
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Sessions

/// Keeps what is logged.
private final class Lines: Sendable {
    struct Line: Equatable {
        let level: Logger.Level
        let message: String
        let metadata: Logger.Metadata
    }

    private let all = Mutex<[Line]>([])

    /// What came since the last call.
    func take() -> [Line] {
        all.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    var audit: AuditLog {
        AuditLog(secretKey: testSecretKey, logger: Logger(label: "audit") { _ in Handler(lines: self) })
    }

    private struct Handler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(level: event.level, message: event.message.description, metadata: event.metadata ?? [:])
            lines.all.withLock { $0.append(line) }
        }
    }
}

@Suite("the audit log of sessions")
struct AuditLogTests {
    private typealias Line = Lines.Line

    @Test("each event of a session has one line, and reading has none", arguments: TestEngine.withStore)
    func journey(engine: TestEngine) async throws {
        try await engine.run { engine in
            let lines = Lines()
            let audited = engine.audited(by: lines)
            func name(_ session: Session) -> Logger.MetadataValue? {
                session.sessionKey.map { .string(lines.audit.name(of: $0)) }
            }
            let session = audited.session(nil)
            try await session.set("a", to: 1)
            #expect(lines.take().isEmpty)
            try await session.save()
            let first = try #require(name(session))
            #expect(lines.take() == [Line(level: .info, message: "session created", metadata: ["session": first])])

            try await session.set("a", to: 2)
            try await session.save()
            #expect(try await audited.session(session.sessionKey)["a"] == 2)
            #expect(lines.take().isEmpty)

            let again = audited.session(session.sessionKey)
            try await again.cycleKey()
            #expect(lines.take().isEmpty)
            try await again.save()
            let second = try #require(name(again))
            #expect(first != second)
            #expect(
                lines.take() == [
                    Line(level: .info, message: "session cycled", metadata: ["session": second, "from": first])
                ])

            #expect(try await audited.session(session.sessionKey)["a"] == nil)
            #expect(lines.take() == [Line(level: .notice, message: "session refused", metadata: ["session": first])])

            try await again.flush()
            try await audited.session(session.sessionKey).flush()
            #expect(
                lines.take() == [
                    Line(level: .info, message: "session flushed", metadata: ["session": second]),
                    // Nobody knows whether it was a session's key.
                    Line(level: .notice, message: "session flushed", metadata: ["session": first]),
                ])
        }
    }

    @Test("an expired session is one", arguments: TestEngine.byClock)
    func expired(engine: TestEngine) async throws {
        let clock = TestClock()
        try await engine.run(now: { clock.now }) { engine in
            let lines = Lines()
            let session = engine.session(nil)
            try await session.setExpiry(.seconds(10))
            try await session.save()
            clock.advance(seconds: 20)
            #expect(try await engine.audited(by: lines).session(session.sessionKey)["a"] == nil)
            #expect(lines.take().map(\.message) == ["session expired"])
        }
    }

    @Test("what is stored under another key, or is no data, is corrupted")
    func corrupted() async throws {
        try await onLoop {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let store = try FileStore(directory: directory.path, codec: testCodec(), settings: SessionSettings())
            let lines = Lines()
            let other = SessionCodec(secretKey: "another key, long enough for a session")
            let signer = TimestampSigner(secretKey: testSecretKey, salt: TimestampSigner.sessionSalt)
            let texts = [
                (try other.encode(["a": 1], at: 1_700_000_000), "it was not signed with our key"),
                (signer.sign(payload: Array("W10".utf8), at: 1_700_000_000), "it is no JSON object"),
            ]
            for (text, reason) in texts {
                let key = SessionKey.generate()
                let file = try #require(fopen("\(directory.path)/sessionid\(key)", "w"))
                fwrite(text, 1, text.count, file)
                fclose(file)
                let engine = SessionEngine(store: store, codec: testCodec(), audit: lines.audit)
                #expect(try await engine.session(key)["a"] == nil)
                let line = try #require(lines.take().first)
                #expect(line.message == "session corrupted" && line.metadata["reason"] == .string(reason))
            }
        }
    }

    @Test("a name tells nothing of its key, and another secret key gives another")
    func names() {
        let key = "0123456789abcdef0123456789abcdef"
        let name = Lines().audit.name(of: key)
        #expect(name.count == 16 && name != key.prefix(16) && name != AuditLog(secretKey: "another").name(of: key))
    }
}

extension SessionEngine {
    fileprivate func audited(by lines: Lines) -> SessionEngine {
        SessionEngine(store: store, codec: codec, settings: settings, audit: lines.audit, clock: clock)
    }
}
