import Glibc

/// Changes samples at random and hands them to a body, which traps or records an issue where it finds a mistake.
///
/// It runs through the same inputs for the same seed. `SESSIOND_FUZZ_SECONDS` says how long, else it is a moment;
/// `SESSIOND_FUZZ_SEED` is another seed than 1. The file `fuzz-NAME` in `SESSIOND_FUZZ_DIRECTORY` holds the input of the
/// moment, for the day when the process dies of it.
public struct Fuzzer {
    private var generator: SplitMix64
    private var samples: [[UInt8]]
    private let words: [[UInt8]]
    private let record: Int32
    /// How many inputs were tried, and how many of them the body accepted.
    public private(set) var count = (tried: 0, accepted: 0)

    /// - Parameter words: what the format is made of; they are put in here and there.
    public init(_ name: String, samples: [[UInt8]], words: [[UInt8]]) {
        self.samples = samples
        self.words = words
        generator = SplitMix64(seed: Self.seed)
        record =
            Self.variable("SESSIOND_FUZZ_DIRECTORY").map {
                open("\($0)/fuzz-\(name)", O_RDWR | O_CREAT | O_TRUNC, 0o644)
            }
            ?? -1
    }

    /// - Parameter body: returns whether it accepted the input; those that it did are changed further.
    public mutating func run(_ body: ([UInt8]) throws -> Bool) rethrows {
        let limit = Self.limit ?? .milliseconds(300)
        let start = ContinuousClock.now
        let originals = samples.count
        while count.tried.isMultiple(of: 64) == false || ContinuousClock.now - start < limit {
            let input = next()
            if record >= 0 {
                ftruncate(record, 0)
                pwrite(record, input, input.count, 0)
            }
            count.tried += 1
            guard try body(input) else { continue }
            count.accepted += 1
            if input.count > 4096 { continue }
            if samples.count < 2000 {
                samples.append(input)
            } else {
                samples[originals + below(2000 - originals)] = input
            }
        }
        if record >= 0 { close(record) }
    }

    private mutating func next() -> [UInt8] {
        var input = samples[below(samples.count)]
        for _ in 0...below(6) { change(&input) }
        return input
    }

    private mutating func change(_ input: inout [UInt8]) {
        let place = below(input.count + 1)
        switch below(9) {
        case 0 where place < input.count: input[place] ^= 1 << UInt8(below(8))
        case 1 where place < input.count: input[place] = UInt8(truncatingIfNeeded: generator.next())
        case 2: input.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
        case 3: input.removeSubrange(place..<min(input.count, place + below(8)))
        case 4: input.insert(contentsOf: input[place..<min(input.count, place + below(40))], at: below(input.count + 1))
        case 5, 6: input.insert(contentsOf: words[below(words.count)], at: place)
        case 7:
            let other = samples[below(samples.count)]
            input.replaceSubrange(place..., with: other[below(other.count + 1)...])
        default:
            let extreme: UInt8 = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
            for index in place..<min(input.count, place + 1 + below(8)) { input[index] = extreme }
        }
    }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

    /// `SESSIOND_FUZZ_SECONDS`, where it is set.
    public static var limit: Duration? {
        variable("SESSIOND_FUZZ_SECONDS").flatMap { Double($0) }.map { .seconds($0) }
    }

    /// `SESSIOND_FUZZ_SEED`, or 1.
    public static var seed: UInt64 { variable("SESSIOND_FUZZ_SEED").flatMap { UInt64($0) } ?? 1 }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

extension [UInt8] {
    /// Each code point up to U+00FF as the byte of that number.
    public init(latin1 text: String) {
        self = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }
}
