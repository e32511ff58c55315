import CoreMetrics
import EventLoop
import Logging
import Synchronization

/// What is known of a metric beside its name.
public struct MetricDescription: Sendable {
    let help: String
    let bounds: [Int64]

    /// - Parameters:
    ///   - help: what it counts, in one line.
    ///   - bounds: the upper bounds of a recorder's buckets, rising.
    public init(_ help: String, bounds: [Int64] = []) {
        (self.help, self.bounds) = (help, bounds)
    }

    /// - Parameter seconds: the upper bounds of a timer's buckets, rising.
    public init(_ help: String, seconds: [Double]) {
        self.init(help, bounds: seconds.map { Int64($0 * 1e9) })
    }
}

/// Metrics for Prometheus of all processes that share a directory, which any of them tells.
///
/// Each process counts in a file of its own, which is mapped into its memory: to count is one addition, without a lock and
/// without a system call. What was counted stays when the process ends, however it ends.
public final class PrometheusMetrics: MetricsFactory {
    private let directory: MetricsDirectory
    private let file: MetricsFile
    private let descriptions: [String: MetricDescription]
    private let logger: Logger
    private let state = Mutex(State())
    @EventLoop private var process: ProcessMetrics?

    private struct State {
        /// The places of the metrics that were asked for.
        var slots: [Series.Identity: Slot] = [:]
        var damaged: Set<String> = []
        var isFull = false
    }

    /// - Parameters:
    ///   - directory: is made where it is missing.
    ///   - descriptions: by the metrics' names.
    /// - Throws: `SystemError`.
    public init(
        directory: String, descriptions: [String: MetricDescription], logger: Logger
    ) throws(SystemError) {
        self.directory = try MetricsDirectory(directory)
        file = try MetricsFile(in: self.directory)
        self.descriptions = descriptions
        self.logger = logger
    }

    /// Of the ``exposition()``.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Says that this process serves, and counts from now on what it takes of the machine. If it ends before ``end()`` that
    /// is a crash.
    @EventLoop
    public func start() {
        file.isServing(true)
        process = ProcessMetrics(self)
        process?.start()
    }

    /// Says that this process ends of its own will.
    @EventLoop
    public func end() {
        process?.look()
        file.isServing(false)
    }

    /// The metrics of all processes in Prometheus's text format, version 0.0.4. It reads files, and so is not for an event
    /// loop's thread.
    /// - Throws: `SystemError`.
    public func exposition() throws(SystemError) -> [UInt8] {
        let sums = try directory.sums()
        let damaged = state.withLock { state in
            sums.damaged.filter { state.damaged.insert($0).inserted }
        }
        for file in damaged {
            logger.warning("a file of metrics is left out: it is damaged", metadata: ["file": "\(file)"])
        }
        var text = Exposition(descriptions: descriptions)
        text.write(sums)
        return text.bytes
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        slot(label, dimensions, .counter).map { CountingHandler($0) } ?? NOOPMetricsHandler.instance
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        slot(label, dimensions, .counter, .billionth).map { FractionHandler($0) } ?? NOOPMetricsHandler.instance
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        slot(label, dimensions, .gauge).map { GaugeHandler($0) } ?? NOOPMetricsHandler.instance
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return histogram(label, dimensions, .one) ?? NOOPMetricsHandler.instance }
        return slot(label, dimensions, .gauge).map { GaugeHandler($0) } ?? NOOPMetricsHandler.instance
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, .billionth) ?? NOOPMetricsHandler.instance
    }

    // What was counted is not forgotten.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func histogram(
        _ label: String, _ dimensions: [(String, String)], _ unit: Series.Unit
    ) -> HistogramHandler? {
        let bounds = descriptions[label]?.bounds ?? []
        return slot(label, dimensions, .histogram, unit, bounds: bounds).map {
            HistogramHandler($0, bounds: bounds)
        }
    }

    /// The place of a metric, which all who ask for the same name and labels share; nil where there is no room for it.
    private func slot(
        _ label: String, _ dimensions: [(String, String)], _ kind: Series.Kind, _ unit: Series.Unit = .one,
        bounds: [Int64] = []
    ) -> Slot? {
        let identity = Series.Identity(name: metricName(label), labels: metricLabels(dimensions))
        let (slot, isNews): (Slot?, Bool) = state.withLock { state in
            if let slot = state.slots[identity] { return (slot, false) }
            let slot = file.add(Series(identity, kind, unit, bounds: bounds))
            state.slots[identity] = slot
            defer { if slot == nil { state.isFull = true } }
            return (slot, slot == nil && !state.isFull)
        }
        if isNews { logger.warning("there are more metrics than there is room for", metadata: ["first": "\(label)"]) }
        return slot
    }
}
