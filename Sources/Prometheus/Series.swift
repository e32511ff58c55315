/// One metric with its labels, and the numbers that were counted for it, as they lie in a file.
struct Series {
    enum Kind: UInt8 {
        case counter = 1
        case gauge
        case histogram
    }

    /// What a number of a counter or a histogram stands for; a gauge's is the bit pattern of a `Double`.
    enum Unit: UInt8 {
        case one
        /// Nanoseconds, mostly.
        case billionth
    }

    struct Identity: Hashable {
        let name: String
        /// As they stand between braces: `view="login",status="200"`.
        let labels: String
    }

    let identity: Identity
    let kind: Kind
    let unit: Unit
    /// A histogram's upper bounds, rising; the last bucket has none.
    let bounds: [Int64]
    /// A histogram's are its buckets, each by itself, and the sum of all that was recorded; others have one.
    var values: [UInt64]

    init(_ identity: Identity, _ kind: Kind, _ unit: Unit = .one, bounds: [Int64] = []) {
        (self.identity, self.kind, self.unit, self.bounds) = (identity, kind, unit, bounds)
        values = Array(repeating: 0, count: kind == .histogram ? bounds.count + 2 : 1)
    }

    /// Adds what another process has counted for the same metric. Where its histogram has other bounds, as an older
    /// program's may, what it counted goes to the narrowest bucket that surely holds it.
    mutating func add(_ other: Series) {
        guard kind == other.kind, unit == other.unit else { return }
        switch kind {
        case .counter: values[0] &+= other.values[0]
        case .gauge:
            values[0] = (Double(bitPattern: values[0]) + Double(bitPattern: other.values[0])).bitPattern
        case .histogram:
            for index in other.bounds.indices {
                let bucket = bounds.firstIndex { $0 >= other.bounds[index] } ?? bounds.count
                values[bucket] &+= other.values[index]
            }
            values[bounds.count] &+= other.values[other.bounds.count]
            values[bounds.count + 1] &+= other.values[other.bounds.count + 1]
        }
    }
}

// MARK: In a file

/// A record is a word with the lengths of its parts, then the name and the labels, the bounds, and the values.
extension Series {
    /// The words of the record up to its values.
    var head: [UInt64] {
        let (name, labels) = (Array(identity.name.utf8), Array(identity.labels.utf8))
        let lengths = [
            UInt64(kind.rawValue), UInt64(unit.rawValue) << 8, UInt64(bounds.count) << 16, UInt64(name.count) << 32,
            UInt64(labels.count) << 48,
        ]
        var words = [lengths.reduce(0, |)]
        let text = name + labels
        for start in stride(from: 0, to: text.count, by: 8) {
            words.append(text[start..<min(start + 8, text.count)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
        }
        return words + bounds.map { UInt64(bitPattern: $0) }
    }

    /// Whether the lengths fit into the record's first word.
    var isStorable: Bool {
        bounds.count < 256 && identity.name.utf8.count < 1 << 16 && identity.labels.utf8.count < 1 << 16
    }

    /// Takes a record from the front; nil where there is none that makes sense.
    init?(takenFrom words: inout ArraySlice<UInt64>) {
        guard let lengths = words.popFirst(), let kind = Kind(rawValue: UInt8(truncatingIfNeeded: lengths)),
            let unit = Unit(rawValue: UInt8(truncatingIfNeeded: lengths >> 8))
        else { return nil }
        let boundCount = Int(UInt16(truncatingIfNeeded: lengths >> 16))
        let nameCount = Int(UInt16(truncatingIfNeeded: lengths >> 32))
        let textCount = nameCount + Int(lengths >> 48)
        let textWords = words.prefix((textCount + 7) / 8)
        words = words.dropFirst(textWords.count)
        let bounds = words.prefix(boundCount).map { Int64(bitPattern: $0) }
        words = words.dropFirst(bounds.count)
        let text = textWords.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
        guard text.count >= textCount, nameCount > 0, bounds.count == boundCount, bounds == bounds.sorted(),
            kind == .histogram || bounds.isEmpty,
            let name = String(validating: text[..<nameCount], as: UTF8.self), name == metricName(name),
            let labels = String(validating: text[nameCount..<textCount], as: UTF8.self), !labels.utf8.contains(10)
        else { return nil }
        self.init(Identity(name: name, labels: labels), kind, unit, bounds: bounds)
        let values = words.prefix(self.values.count)
        guard values.count == self.values.count else { return nil }
        words = words.dropFirst(values.count)
        self.values = Array(values)
    }
}

/// The name with an underscore in place of what Prometheus does not allow in it.
func metricName(_ text: String) -> String {
    var name = String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_", ":": scalar
                default: "_"
                }
            }))
    if name.unicodeScalars.first.map({ ("0"..."9").contains($0) }) ?? true { name = "_" + name }
    return name
}

/// `view="login",status="200"`.
func metricLabels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { name, value in
        let escaped = value.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            default: String(scalar)
            }
        }
        return "\(metricName(name))=\"\(escaped.joined())\""
    }.joined(separator: ",")
}
