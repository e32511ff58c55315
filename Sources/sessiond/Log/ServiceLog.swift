import EventLoop
import Glibc
import Logging
import Sessions
import Synchronization
import Web

/// The log of a worker: one line on standard error for each event.
///
/// From `notice` up a message that comes again and again is bounded by ``LogRepeats``; what a level below says was asked for
/// or, as a login's line in the audit log, is worth its place each time.
final class ServiceLog: Sendable {
    private let settings: LogSettings
    private let state: Mutex<State>

    /// - Parameter descriptor: stays open for as long as this is used.
    init(_ settings: LogSettings, descriptor: Int32 = STDERR_FILENO) {
        self.settings = settings
        state = Mutex(State(settings, LogTarget(descriptor)))
    }

    /// Makes it the log of all loggers from now on; a process can do so once.
    func bootstrap() {
        signal(SIGPIPE, SIG_IGN)
        LoggingSystem.bootstrap({ self.handler($0, $1) }, metadataProvider: .request)
    }

    /// What the logger of that label writes with.
    func handler(_ label: String, _ provider: Logger.MetadataProvider? = nil) -> ServiceLogHandler {
        ServiceLogHandler(log: self, label: label, logLevel: settings.level(of: label), metadataProvider: provider)
    }

    fileprivate func write(_ record: LogRecord) {
        if state.withLock({ $0.take(record) }) { endSpanLater() }
    }

    private func endSpanLater() {
        Task.detached(executorPreference: EventLoop.shared.executor) { await self.endSpans() }
    }

    /// Ends each span in its time, until nothing is said any more.
    @EventLoop
    private func endSpans() async {
        repeat { await EventLoop.sleep(for: .seconds(LogRepeats.span)) } while endSpan()
    }

    /// Says how often what came again and again was not said.
    /// - Returns: whether it may go on, and another span is to be ended.
    @discardableResult
    func endSpan() -> Bool { state.withLock { $0.endSpan() } }
}

private struct State {
    private var target: LogTarget
    private let format: LogFormat
    private var repeats = LogRepeats()
    /// Lines that could not be written since the last one that could.
    private var lost = 0

    init(_ settings: LogSettings, _ target: LogTarget) {
        self.target = target
        format = settings.format ?? (target.isTerminal ? .human : .json)
    }

    /// - Returns: whether a span begins with it.
    mutating func take(_ record: LogRecord) -> Bool {
        guard record.level >= .notice else {
            write(record)
            return false
        }
        let isFirst = repeats.isEmpty
        if repeats.mayBeSaid(LogRepeats.Topic(record)) { write(record) }
        return isFirst
    }

    mutating func endSpan() -> Bool {
        for (topic, times) in repeats.endSpan() {
            var record = LogRecord(
                time: SessionEngine.systemTime(), level: topic.level, logger: topic.logger, message: topic.message)
            record.metadata["repeated"] = "\(times) more in \(LogRepeats.span) s"
            write(record)
        }
        return !repeats.isEmpty
    }

    private mutating func write(_ record: LogRecord) {
        if lost > 0 {
            var loss = LogRecord(
                time: record.time, level: .warning, logger: "sessiond.log", message: "lines of this log were lost")
            loss.metadata["lines"] = "\(lost)"
            if attempt(loss) { lost = 0 }
        }
        if lost > 0 || !attempt(record) { lost += 1 }
    }

    private mutating func attempt(_ record: LogRecord) -> Bool {
        target.write(LogLine(record, format, isForJournal: target.isJournal).bytes)
    }
}

/// What one logger writes to it.
struct ServiceLogHandler: LogHandler {
    fileprivate let log: ServiceLog
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = event.metadata ?? [:]
        if let provided = metadataProvider?.get() { all.merge(provided) { own, _ in own } }
        if !metadata.isEmpty { all.merge(metadata) { own, _ in own } }
        let id = all.removeValue(forKey: Request.idName).map { "\($0)" }
        log.write(
            LogRecord(
                time: SessionEngine.systemTime(), level: event.level, logger: label,
                message: event.message.description, requestID: id, metadata: all))
    }
}
