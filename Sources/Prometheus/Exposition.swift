/// Prometheus's text format.
struct Exposition {
    let descriptions: [String: MetricDescription]
    private(set) var bytes: [UInt8] = []

    init(descriptions: [String: MetricDescription]) { self.descriptions = descriptions }

    /// Each metric's lines stand together, in the order of their names and labels.
    mutating func write(_ sums: MetricsDirectory.Sums) {
        write("sessiond_workers", "gauge", value: String(sums.livingProcesses))
        write("sessiond_worker_crashes_total", "counter", value: String(sums.image.crashes))
        write("process_start_time_seconds", "gauge", value: String(sums.latestStart))
        let names = Dictionary(grouping: sums.image.series.values, by: \.identity.name)
        for (name, series) in names.sorted(by: { $0.key < $1.key }) {
            guard let kind = series.first?.kind else { continue }
            head(name, "\(kind)")
            for series in series.sorted(by: { $0.identity.labels < $1.identity.labels }) where series.kind == kind {
                write(series)
            }
        }
    }

    private mutating func write(_ name: String, _ kind: String, value: String) {
        head(name, kind)
        line(name, value: value)
    }

    private mutating func head(_ name: String, _ kind: String) {
        if let help = descriptions[name]?.help { append("# HELP \(name) \(help)\n") }
        append("# TYPE \(name) \(kind)\n")
    }

    private mutating func write(_ series: Series) {
        let (name, labels) = (series.identity.name, series.identity.labels)
        switch series.kind {
        case .counter: line(name, labels, value: series.unit.text(of: series.values[0]))
        case .gauge: line(name, labels, value: "\(Double(bitPattern: series.values[0]))")
        case .histogram:
            var count: UInt64 = 0
            let before = labels.isEmpty ? "" : labels + ","
            for (bound, inside) in zip(series.bounds, series.values) {
                count &+= inside
                let bound = series.unit.text(of: UInt64(max(bound, 0)))
                line(name + "_bucket", "\(before)le=\"\(bound)\"", value: String(count))
            }
            count &+= series.values[series.bounds.count]
            line(name + "_bucket", before + "le=\"+Inf\"", value: String(count))
            line(name + "_sum", labels, value: series.unit.text(of: series.values[series.bounds.count + 1]))
            line(name + "_count", labels, value: String(count))
        }
    }

    private mutating func line(_ name: String, _ labels: String = "", value: String) {
        append(labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n")
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

extension Series.Unit {
    /// The number with its fraction: no digit is lost.
    fileprivate func text(of number: UInt64) -> String {
        guard self == .billionth else { return String(number) }
        let (whole, rest) = number.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest > 0 else { return String(whole) }
        var digits = String(rest)
        digits = String(repeating: "0", count: 9 - digits.utf8.count) + digits
        while digits.utf8.last == UInt8(ascii: "0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
