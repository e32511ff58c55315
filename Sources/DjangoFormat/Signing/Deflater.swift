import CZlib
import Glibc

/// Compression as `zlib.compress(data)` in Python, to the byte.
///
/// One stream serves all calls: making one allocates 268 KB.
final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit_(stream, Z_DEFAULT_COMPRESSION, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib cannot set up compression")
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// The compressed bytes, or nil if there would be more of them than `limit`.
    func deflate(_ data: [UInt8], limit: Int) -> [UInt8]? {
        guard limit > 0, Self.leastSize(of: data) <= limit, let available = UInt32(exactly: data.count),
            deflateReset(stream) == Z_OK
        else { return nil }
        var isComplete = false
        let output = data.withUnsafeBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: limit) { output, count in
                // zlib only reads its input, though its type does not say so.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = available
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(clamping: limit)
                isComplete = CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END
                count = limit - Int(stream.pointee.avail_out)
            }
        }
        return isComplete ? output : nil
    }

    /// Bytes that zlib needs at least, found without it: most sessions are so small that nothing can be saved, and to
    /// compress them all the same would be a tenth of a login.
    ///
    /// Where no three bytes occur twice there is nothing to refer back to, and each byte has a code of its own. With the
    /// fixed codes that makes 8 bits for each and 10 more. Codes made for the data take their entropy (with the end of the
    /// block), and to describe them 17 bits, 30 for the lengths of lengths (of fewer than 64 codes one has at most 5 bits,
    /// whose place is the tenth), and 16 for the bytes that do not occur (in runs of at most 138, of 8 bits each). The
    /// frame around the block has 6 bytes.
    static func leastSize(of data: [UInt8]) -> Int {
        guard 1...40 ~= data.count, !hasRepetition(data) else { return 0 }
        var counts = InlineArray<256, UInt8>(repeating: 0)
        var entropy = entropyTerms[data.count + 1]
        for byte in data {
            let count = Int(counts[Int(byte)])
            entropy -= entropyTerms[count + 1] - entropyTerms[count]
            counts[Int(byte)] += 1
        }
        // Half a bit covers what the sum of floating-point numbers is off.
        let bits = min(Double(8 * data.count + 10), 63 + entropy - 0.5)
        return 6 + Int((bits / 8).rounded(.up))
    }

    /// n · log₂ n
    private static let entropyTerms: [Double] = (0...41).map { $0 < 2 ? 0 : Double($0) * log2(Double($0)) }

    /// Whether three bytes in a row occur twice.
    private static func hasRepetition(_ data: [UInt8]) -> Bool {
        guard data.count > 3 else { return false }
        for later in 1..<(data.count - 2) {
            for earlier in 0..<later where data[earlier] == data[later] {
                if data[earlier + 1] == data[later + 1], data[earlier + 2] == data[later + 2] { return true }
            }
        }
        return false
    }
}
