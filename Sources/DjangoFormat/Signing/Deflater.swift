import CZlib

/// Compression as `zlib.compress(data)` in Python, to the byte.
///
/// Its streams serve all calls: to make one allocates 268 KB, and to reset one clears 64 KB. So the smallest data, which
/// most sessions are, has a stream with the least memory. Their output is the same for up to 32 bytes: zlib looks at no
/// fewer than 32 earlier places for a match, so that it sees all of them, however coarsely its table is divided.
final class Deflater {
    static let smallSize = 32

    private let stream = DeflateStream(memoryLevel: 8)
    private let smallStream = DeflateStream(memoryLevel: 1)

    /// The compressed bytes, or nil if there would be more of them than `limit`.
    func deflate(_ data: [UInt8], limit: Int) -> [UInt8]? {
        (data.count <= Self.smallSize ? smallStream : stream).deflate(data, limit: limit)
    }
}

final class DeflateStream {
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter memoryLevel: zlib's `memLevel`; Python's is 8.
    init(memoryLevel: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS, memoryLevel, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib cannot set up compression")
    }

    deinit {
        deflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    func deflate(_ data: [UInt8], limit: Int) -> [UInt8]? {
        guard limit > 0, let available = UInt32(exactly: data.count), deflateReset(stream) == Z_OK else { return nil }
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
}
