import CLinux
import Glibc

/// A file in memory that takes the place of a socket for libfcgi, which reads and writes blockingly.
///
/// The descriptor is a plain number, because libfcgi closes it where it fails.
enum MemoryFile {
    /// - Returns: nil where memory or descriptors are short.
    static func make(containing bytes: [UInt8]) -> Int32? {
        let descriptor = memfd_create("sessiond", 1 /* MFD_CLOEXEC */)
        guard descriptor >= 0 else { return nil }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                close(descriptor)
                return nil
            }
            rest = rest.dropFirst(count)
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    /// All that was written to it; nil where memory is short.
    static func contents(of descriptor: Int32) -> [UInt8]? {
        let size = max(0, lseek(descriptor, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: size)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return count == size ? bytes : nil
    }
}
