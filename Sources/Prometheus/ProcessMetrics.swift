import CoreMetrics
import EventLoop
import Glibc

/// What a process takes of its machine, by the names that all of Prometheus's libraries have. The sums of all processes
/// are told.
@EventLoop
final class ProcessMetrics {
    private let memory: any RecorderHandler
    private let descriptors: any RecorderHandler
    private let descriptorLimit: any RecorderHandler
    private let processor: any FloatingPointCounterHandler
    private var processorTime = 0.0

    init(_ factory: PrometheusMetrics) {
        func gauge(_ label: String) -> any RecorderHandler {
            factory.makeRecorder(label: label, dimensions: [], aggregate: false)
        }
        memory = gauge("process_resident_memory_bytes")
        descriptors = gauge("process_open_fds")
        descriptorLimit = gauge("process_max_fds")
        processor = factory.makeFloatingPointCounter(label: "process_cpu_seconds_total", dimensions: [])
    }

    /// Looks now, and from now on every ten seconds.
    func start() {
        look()
        EventLoop.schedule(after: .seconds(10)) { [weak self] in self?.start() }
    }

    /// Looks now.
    func look() {
        var usage = rusage()
        if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
            let time = usage.ru_utime.seconds + usage.ru_stime.seconds
            processor.increment(by: max(time - processorTime, 0))
            processorTime = max(time, processorTime)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            descriptorLimit.record(Double(limit.rlim_cur))
        }
        if let pages = Self.residentPages() { memory.record(Int64(pages * sysconf(Int32(_SC_PAGESIZE)))) }
        if let count = Self.openDescriptors() { descriptors.record(Int64(count)) }
    }

    /// The second number of /proc/self/statm.
    private nonisolated static func residentPages() -> Int? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &text, text.count)
        let numbers = text.prefix(max(count, 0)).split(separator: UInt8(ascii: " "))
        return numbers.dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
    }

    private nonisolated static func openDescriptors() -> Int? {
        guard let stream = opendir("/proc/self/fd") else { return nil }
        defer { closedir(stream) }
        var count = 0
        while readdir(stream) != nil { count += 1 }
        // Without . and .. and the one that looks.
        return count - 3
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
