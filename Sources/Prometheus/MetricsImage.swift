/// What a file of metrics holds, read from it or to be written to one.
struct MetricsImage {
    /// The words before the first record.
    enum Header {
        static let magic = 0
        /// How many words of the file are in use, these included.
        static let used = 1
        static let identifier = 2
        static let isServing = 3
        static let startTime = 4
        static let lastFolded = 5
        static let crashes = 6
        static let count = 8
    }

    /// "metrics" in the bytes of a little-endian machine, and the version of the format.
    static let magic: UInt64 = 0x0173_6369_7274_656D

    /// Of the process, drawn at random.
    var identifier: UInt64 = 0
    /// Whether the process meant to live on.
    var isServing = false
    /// Seconds since 1970-01-01 UTC.
    var startTime: UInt64 = 0
    /// Of those that are gone: the process whose numbers were added last, and how many meant to live on.
    var lastFolded: UInt64 = 0
    var crashes: UInt64 = 0
    private(set) var series: [Series.Identity: Series] = [:]

    init() {}

    /// - Returns: nil where these are no metrics, or damaged ones.
    init?(words: [UInt64]) {
        guard words.count >= Header.count, words[Header.magic] == Self.magic,
            let used = Int(exactly: words[Header.used]), (Header.count...words.count).contains(used)
        else { return nil }
        identifier = words[Header.identifier]
        isServing = words[Header.isServing] != 0
        startTime = words[Header.startTime]
        lastFolded = words[Header.lastFolded]
        crashes = words[Header.crashes]
        var rest = words[Header.count..<used]
        while !rest.isEmpty {
            guard let found = Series(takenFrom: &rest) else { return nil }
            add(found)
        }
    }

    var words: [UInt64] {
        var words = [UInt64](repeating: 0, count: Header.count)
        for series in series.values { words += series.head + series.values }
        words[Header.magic] = Self.magic
        words[Header.used] = UInt64(words.count)
        words[Header.identifier] = identifier
        words[Header.isServing] = isServing ? 1 : 0
        words[Header.startTime] = startTime
        words[Header.lastFolded] = lastFolded
        words[Header.crashes] = crashes
        return words
    }

    mutating func add(_ other: Series) {
        if series[other.identity]?.add(other) == nil { series[other.identity] = other }
    }

    /// Adds what another process has counted.
    /// - Parameter counted: leaves out its gauges, which say how it stands with a process that lives.
    mutating func add(_ other: MetricsImage, countedOnly counted: Bool = false) {
        for series in other.series.values where !counted || series.kind != .gauge { add(series) }
    }
}
