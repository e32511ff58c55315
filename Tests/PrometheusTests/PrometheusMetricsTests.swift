import CoreMetrics
import Dispatch
import EventLoop
import Glibc
import Logging
import TestSupport
import Testing

@testable import Prometheus

/// A directory of metrics, which goes with the test.
final class TestMetricsDirectory {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    deinit { directory.remove() }

    var path: String { directory.path }

    var names: [String] { directory.names }

    var workers: [String] { names.filter { $0.hasPrefix("worker-") } }

    /// What a process of its own would count in.
    func metrics(_ descriptions: [String: MetricDescription] = [:]) throws -> PrometheusMetrics {
        try PrometheusMetrics(directory: path, descriptions: descriptions, logger: Logger(label: "test"))
    }

    /// A file's bytes.
    func contents(_ name: String) throws -> [UInt8] {
        let file = try #require(fopen(path + "/" + name, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        let file = try #require(fopen(path + "/" + name, "w"))
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }
}

extension PrometheusMetrics {
    /// The lines of the exposition without those of the workers themselves.
    func lines() throws -> [String] {
        String(decoding: try exposition(), as: UTF8.self).split(separator: "\n").map(String.init).filter {
            !$0.contains("sessiond_worker") && !$0.contains("process_")
        }
    }

    func value(_ name: String) throws -> String? {
        let text = String(decoding: try exposition(), as: UTF8.self)
        return text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.map {
            String($0.dropFirst(name.utf8.count + 1))
        }
    }
}

@Suite("Metrics for Prometheus")
struct PrometheusMetricsTests {
    private let directory: TestMetricsDirectory

    init() throws { directory = try TestMetricsDirectory() }

    @Test("are told in its text format")
    func format() throws {
        let metrics = try directory.metrics([
            "answers_total": MetricDescription("Answers."),
            "seconds": MetricDescription("Times.", seconds: [0.001, 0.25, 2]),
            "sizes": MetricDescription("Sizes.", bounds: [1, 8]),
        ])
        Counter(label: "answers_total", dimensions: [("view", "b")], factory: metrics).increment(by: 3)
        Counter(label: "answers_total", dimensions: [("view", "a"), ("status", "200")], factory: metrics).increment()
        Gauge(label: "depth", factory: metrics).record(1.5)
        FloatingPointCounter(label: "processor_total", factory: metrics).increment(by: 0.25)
        let timer = Timer(label: "seconds", factory: metrics)
        for nanoseconds in [1, 1_000_000, 1_000_001, 3_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        let recorder = Recorder(label: "sizes", dimensions: [("queue", "q")], factory: metrics)
        for size in [0, 1, 2, 8, 9] { recorder.record(size) }
        #expect(
            try metrics.lines() == [
                "# HELP answers_total Answers.",
                "# TYPE answers_total counter",
                "answers_total{view=\"a\",status=\"200\"} 1",
                "answers_total{view=\"b\"} 3",
                "# TYPE depth gauge",
                "depth 1.5",
                "# TYPE processor_total counter",
                "processor_total 0.25",
                "# HELP seconds Times.",
                "# TYPE seconds histogram",
                "seconds_bucket{le=\"0.001\"} 2",
                "seconds_bucket{le=\"0.25\"} 3",
                "seconds_bucket{le=\"2\"} 3",
                "seconds_bucket{le=\"+Inf\"} 4",
                "seconds_sum 3.002000002",
                "seconds_count 4",
                "# HELP sizes Sizes.",
                "# TYPE sizes histogram",
                "sizes_bucket{queue=\"q\",le=\"1\"} 2",
                "sizes_bucket{queue=\"q\",le=\"8\"} 4",
                "sizes_bucket{queue=\"q\",le=\"+Inf\"} 5",
                "sizes_sum{queue=\"q\"} 20",
                "sizes_count{queue=\"q\"} 5",
            ])
    }

    @Test("names and labels cannot break a line")
    func hostileNames() throws {
        let metrics = try directory.metrics()
        Counter(label: "1 bad\nname{", dimensions: [("a\"b", "\"\\\n}")], factory: metrics).increment()
        #expect(try metrics.lines().last == #"_1_bad_name_{a_b="\"\\\n}"} 1"#)
    }

    @Test("whoever asks for the same name and labels counts in the same place")
    func sharedPlace() throws {
        let metrics = try directory.metrics()
        for _ in 0..<3 { Counter(label: "shared_total", dimensions: [("a", "b")], factory: metrics).increment() }
        #expect(try metrics.lines() == ["# TYPE shared_total counter", "shared_total{a=\"b\"} 3"])
    }

    @Test("a gauge goes up and down")
    func gauges() throws {
        let metrics = try directory.metrics()
        let meter = Meter(label: "level", factory: metrics)
        meter.set(5)
        meter.increment(by: 2.5)
        meter.decrement()
        #expect(try metrics.value("level") == "6.5")
        Gauge(label: "level", factory: metrics).record(2)
        #expect(try metrics.value("level") == "2.0")
    }

    @Test("impossible amounts count nothing, and do no harm")
    func impossibleAmounts() throws {
        let metrics = try directory.metrics()
        let counter = Counter(label: "whole_total", factory: metrics)
        for amount in [-1, .min, 2] { counter.increment(by: amount) }
        let fractions = FloatingPointCounter(label: "fractions_total", factory: metrics)
        for amount in [-1, .nan, .infinity, 1e300, 0.5] { fractions.increment(by: amount) }
        let timer = Timer(label: "seconds", factory: metrics)
        for time in [-1, .max, 1_000_000_000] { timer.recordNanoseconds(time) }
        let recorder = Recorder(label: "sizes", factory: metrics)
        for size in [-.infinity, .nan, -1, 1.0] { recorder.record(size) }
        #expect(try metrics.value("whole_total") == "2")
        #expect(try metrics.value("fractions_total") == "0.5")
        #expect(try metrics.value("seconds_count") == "3")
        #expect(try metrics.value("sizes_count") == "4")
        #expect(try metrics.value("sizes_sum") == "1")
    }

    @Test("threads lose nothing to each other")
    func threads() throws {
        let metrics = try directory.metrics(["sizes": MetricDescription("Sizes.", bounds: [1, 2, 3])])
        let counter = Counter(label: "all_total", factory: metrics)
        let meter = Meter(label: "level", factory: metrics)
        let recorder = Recorder(label: "sizes", factory: metrics)
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for _ in 0..<20_000 {
                counter.increment()
                meter.increment()
                recorder.record(thread)
            }
        }
        #expect(try metrics.value("all_total") == "80000")
        #expect(try metrics.value("level") == "80000.0")
        #expect(try metrics.value("sizes_count") == "80000")
        #expect(try metrics.value("sizes_sum") == "120000")
    }

    @Test("when there is no room for more metrics, the others go on")
    func full() throws {
        let metrics = try directory.metrics()
        let first = Counter(label: "first_total", factory: metrics)
        let many = (0..<5000).map { Counter(label: "many_total", dimensions: [("n", String($0))], factory: metrics) }
        for counter in many + [first] { counter.increment() }
        Counter(label: "many_total", dimensions: [("long", String(repeating: "x", count: 100_000))], factory: metrics)
            .increment()
        #expect(try metrics.value("first_total") == "1")
        #expect((1000..<3000).contains(try metrics.lines().count { $0.hasPrefix("many_total") }))
    }
}

@Suite("Metrics of several processes")
struct SeveralProcessesTests {
    private let directory: TestMetricsDirectory

    init() throws { directory = try TestMetricsDirectory() }

    private func count(_ metrics: PrometheusMetrics, _ number: Int) {
        Counter(label: "all_total", factory: metrics).increment(by: number)
        Gauge(label: "level", factory: metrics).record(number)
        Timer(label: "seconds", factory: metrics).recordSeconds(number)
    }

    @Test("are added up, by any of them")
    func sums() throws {
        let (one, other) = (try directory.metrics(), try directory.metrics())
        count(one, 3)
        count(other, 4)
        Counter(label: "only_total", factory: other).increment()
        for metrics in [one, other] {
            #expect(try metrics.value("all_total") == "7")
            #expect(try metrics.value("only_total") == "1")
            #expect(try metrics.value("level") == "7.0")
            #expect(try metrics.value("seconds_sum") == "7")
            #expect(try metrics.value("seconds_count") == "2")
            #expect(try metrics.value("sessiond_workers") == "2")
        }
        #expect(try one.exposition() == other.exposition())
    }

    @Test("what one has counted stays when it is gone, and how it stood goes")
    func gone() async throws {
        let metrics = try directory.metrics()
        count(metrics, 1)
        for number in 1...3 {
            count(try directory.metrics(), number * 10)
            for _ in 0..<2 {
                #expect(try metrics.value("all_total") == String(1 + (1...number).reduce(0, +) * 10))
                #expect(try metrics.value("level") == "1.0")
                #expect(try metrics.value("seconds_count") == String(1 + number))
                #expect(try metrics.value("sessiond_workers") == "1")
            }
            #expect(directory.workers.count == 1)
        }
        #expect(try metrics.value("sessiond_worker_crashes_total") == "0")
    }

    @Test("who served and did not say that he ends has crashed")
    func crashes() async throws {
        let path = directory.path
        try await onLoop {
            let logger = Logger(label: "test")
            let metrics = try PrometheusMetrics(directory: path, descriptions: [:], logger: logger)
            for says in [true, false] {
                let other = try PrometheusMetrics(directory: path, descriptions: [:], logger: logger)
                other.start()
                if says { other.end() }
            }
            #expect(try metrics.value("sessiond_worker_crashes_total") == "1")
            #expect(try metrics.value("sessiond_workers") == "1")
            // All of them have counted what they took.
            #expect(try #require(metrics.value("process_cpu_seconds_total").flatMap { Double($0) }) > 0)
            #expect(try metrics.value("process_open_fds") == nil)
            metrics.start()
            #expect(try #require(metrics.value("process_open_fds").flatMap { Double($0) }) > 3)
            #expect(try #require(metrics.value("process_resident_memory_bytes").flatMap { Double($0) }) > 1e6)
        }
    }

    @Test("where adding a file up was interrupted before it was removed, it counts once")
    func interrupted() throws {
        let metrics = try directory.metrics()
        count(try directory.metrics(), 5)
        let name = try #require(directory.workers.first { !isLocked($0) })
        let bytes = try directory.contents(name)
        #expect(try metrics.value("all_total") == "5")
        try directory.write(bytes, to: name)
        // Another one that is gone may come before it.
        count(try directory.metrics(), 7)
        #expect(try metrics.value("all_total") == "12")
        #expect(try metrics.value("all_total") == "12")
    }

    private func isLocked(_ name: String) -> Bool {
        let descriptor = open(directory.path + "/" + name, O_RDONLY)
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0
    }

    @Test("a histogram with other bounds is added where its numbers surely belong")
    func otherBounds() throws {
        let old = try directory.metrics(["sizes": MetricDescription("", bounds: [2, 5, 20])])
        let new = try directory.metrics(["sizes": MetricDescription("", bounds: [1, 2, 10])])
        for metrics in [old, new] {
            let sizes = Recorder(label: "sizes", factory: metrics)
            for size in [1, 2, 4, 15, 100] { sizes.record(size) }
        }
        let lines = try new.lines().filter { $0.hasPrefix("sizes_") }
        // Whichever file is read first says what buckets there are.
        #expect(lines.contains("sizes_count 10") && lines.contains("sizes_sum 244"))
        #expect(lines.contains("sizes_bucket{le=\"2\"} 4") && lines.contains("sizes_bucket{le=\"+Inf\"} 10"))
    }

    @Test("files that are none, or damaged, are left out and left alone")
    func damaged() throws {
        let metrics = try directory.metrics()
        count(metrics, 2)
        let good = try directory.contents(try #require(directory.workers.first))
        try directory.write([], to: "worker-empty")
        try directory.write(Array("hello".utf8), to: "worker-short")
        try directory.write([UInt8](repeating: 0xFF, count: 65536), to: "worker-ones")
        try directory.write(good, to: "worker-copy")
        try directory.write([UInt8](repeating: 7, count: 5 << 20), to: "worker-large")
        mkfifo(directory.path + "/worker-pipe", 0o600)
        symlink("/etc/hostname", directory.path + "/worker-link")
        let before = directory.names
        #expect(try metrics.value("all_total") == "2")
        #expect(Set(directory.names) == Set(before + ["lock"]))
    }

    @Test("a damaged sum of those that are gone is begun anew")
    func damagedSum() throws {
        let metrics = try directory.metrics()
        count(metrics, 2)
        try directory.write([1, 2, 3], to: "gone")
        #expect(try metrics.value("all_total") == "2")
        count(try directory.metrics(), 5)
        #expect(try metrics.value("all_total") == "7")
        #expect(try metrics.value("all_total") == "7")
    }

    @Test("no change to a file's bytes does any harm")
    func changedBytes() throws {
        let metrics = try directory.metrics()
        count(metrics, 2)
        Counter(label: "labelled_total", dimensions: [("view", "a")], factory: metrics).increment()
        let bytes = try directory.contents(try #require(directory.workers.first))
        let good = stride(from: 0, to: bytes.count, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        let used = try #require(MetricsImage(words: good)).words.count
        var random = SplitMix64(seed: 20)
        var readable = 0
        for _ in 0..<20_000 {
            var words = Array(good.prefix(Int.random(in: 0...used + 4, using: &random)))
            for _ in 0..<Int.random(in: 0...3, using: &random) where !words.isEmpty {
                let place = Int.random(in: 0..<words.count, using: &random)
                words[place] ^= random.next() & random.next() & random.next()
            }
            guard let image = MetricsImage(words: words) else { continue }
            readable += 1
            var sum = MetricsImage()
            sum.add(image)
            sum.add(image, countedOnly: true)
            #expect(MetricsImage(words: sum.words) != nil)
        }
        #expect(readable > 100)
    }

    @Test("a lock that somebody keeps is an error, not a wait for ever")
    func keptLock() throws {
        let metrics = try directory.metrics()
        let descriptor = open(directory.path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        flock(descriptor, LOCK_EX)
        #expect(throws: SystemError.self) { try metrics.exposition() }
        close(descriptor)
        _ = try metrics.exposition()
    }

    @Test("a directory that cannot be made or written is an error")
    func noDirectory() {
        for path in ["/proc/metrics", "/no/such/place", "/etc/hostname"] {
            #expect(throws: SystemError.self) {
                try PrometheusMetrics(directory: path, descriptions: [:], logger: Logger(label: "test"))
            }
        }
    }
}
