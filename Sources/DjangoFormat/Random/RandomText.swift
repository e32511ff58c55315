import CLinux
import Glibc

/// Characters drawn from an alphabet with the kernel's randomness, each equally likely (Python's `secrets.choice`).
enum RandomText {
    /// - Parameter alphabet: 1 to 256 bytes.
    static func make(_ count: Int, from alphabet: [UInt8]) -> [UInt8] {
        // Bytes past the last whole multiple of the alphabet would favour its beginning: they are drawn again.
        let usable = 256 - 256 % alphabet.count
        var text: [UInt8] = []
        text.reserveCapacity(count)
        while text.count < count {
            let pool = randomBytes()
            for index in pool.indices where pool[index] < usable && text.count < count {
                text.append(alphabet[Int(pool[index]) % alphabet.count])
            }
        }
        return text
    }

    /// Twice what a key or a secret takes, so that one call to the kernel is enough.
    private static func randomBytes() -> InlineArray<64, UInt8> {
        var pool = InlineArray<64, UInt8>(repeating: 0)
        var span = pool.mutableSpan
        span.withUnsafeMutableBytes { bytes in
            while getrandom(bytes.baseAddress, bytes.count, 0) != bytes.count {
                precondition(errno == EINTR, "the kernel gives no random bytes")
            }
        }
        return pool
    }
}
