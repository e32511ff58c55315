import CZlib

/// Decompression as `zlib.decompress(data)` in Python, with a limit. One stream serves all calls.
final class Inflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib cannot set up decompression")
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// The bytes that were compressed, or nil if `data` is no complete zlib stream or holds more than `limit` bytes.
    /// What follows the stream is passed over.
    func inflate(_ data: [UInt8], limit: Int) -> [UInt8]? {
        guard let available = UInt32(exactly: data.count), inflateReset(stream) == Z_OK else { return nil }
        // Text of sessions seldom shrinks to less than a quarter.
        var output = [UInt8](repeating: 0, count: min(limit, max(256, data.count * 4)))
        var produced = 0
        return data.withUnsafeBufferPointer { input in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = available
            while true {
                let status = output.withUnsafeMutableBufferPointer { free in
                    stream.pointee.next_out = free.baseAddress.map { $0 + produced }
                    stream.pointee.avail_out = UInt32(clamping: free.count - produced)
                    return CZlib.inflate(stream, Z_NO_FLUSH)
                }
                produced = output.count - Int(stream.pointee.avail_out)
                if status == Z_STREAM_END {
                    output.removeLast(output.count - produced)
                    return output
                }
                guard status == Z_OK, produced == output.count, produced < limit else { return nil }
                output.append(contentsOf: repeatElement(0, count: min(produced, limit - produced)))
            }
        }
    }
}
