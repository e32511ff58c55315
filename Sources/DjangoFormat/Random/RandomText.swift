import CLinux
import Glibc
import Synchronization

/// Characters drawn from an alphabet with the kernel's randomness, each equally likely (Python's `secrets.choice`).
enum RandomText {
    /// - Parameter alphabet: 1 to 256 bytes.
    static func make(_ count: Int, from alphabet: [UInt8]) -> [UInt8] {
        // Bytes past the last whole multiple of the alphabet would favour its beginning: they are drawn again.
        let usable = 256 - 256 % alphabet.count
        return pool.withLock { pool in
            [UInt8](unsafeUninitializedCapacity: count) { text, end in
                while end < count {
                    pool.take(count - end) { byte in
                        guard Int(byte) < usable else { return }
                        text[end] = alphabet[Int(byte) % alphabet.count]
                        end += 1
                    }
                }
            }
        }
    }

    private static let pool = Mutex(Pool())

    /// Random bytes drawn ahead, because a call to the kernel for each text is dear. A byte is wiped as it is used: what
    /// has become a key cannot be found here. A process that forks would share them; this one starts its like by exec.
    private struct Pool {
        private var bytes = [UInt8](repeating: 0, count: 4096)
        private var position = 4096

        /// Hands over so many bytes, or those that are left.
        mutating func take(_ count: Int, _ use: (UInt8) -> Void) {
            if position == bytes.count { refill() }
            let end = min(position + count, bytes.count)
            bytes.withUnsafeMutableBufferPointer { bytes in
                for index in position..<end {
                    use(bytes[index])
                    bytes[index] = 0
                }
            }
            position = end
        }

        private mutating func refill() {
            position = 0
            var filled = 0
            while filled < bytes.count {
                let count = bytes[filled...].withUnsafeMutableBytes { getrandom($0.baseAddress, $0.count, 0) }
                precondition(count > 0 || errno == EINTR, "the kernel gives no random bytes")
                filled += max(count, 0)
            }
        }
    }
}
