import CLinux
import Glibc
import Synchronization

/// Characters drawn from an alphabet with the kernel's randomness, each equally likely (Python's `secrets.choice`).
enum RandomText {
    /// The characters that a text is made of.
    struct Alphabet: Sendable {
        /// The character for each random byte. Bytes past the last whole multiple of the alphabet have none, because they
        /// would favour its beginning.
        fileprivate let characters: [UInt8]

        /// - Parameter characters: 1 to 256 of them.
        init(_ characters: [UInt8]) {
            let usable = 256 - 256 % characters.count
            self.characters = (0..<usable).map { characters[$0 % characters.count] }
        }
    }

    static func make(_ count: Int, from alphabet: Alphabet) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { text, end in
            fill(text, from: alphabet)
            end = count
        }
    }

    static func fill(_ text: UnsafeMutableBufferPointer<UInt8>, from alphabet: Alphabet) {
        let characters = alphabet.characters.span
        pool.withLock { pool in
            var end = 0
            while end < text.count {
                pool.take(text.count - end) { byte in
                    // The others are drawn again.
                    guard Int(byte) < characters.count else { return }
                    text.initializeElement(at: end, to: characters[Int(byte)])
                    end += 1
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
