import CZlib

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
