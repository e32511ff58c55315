import CLinux
import Glibc

/// Standard error as the log writes to it: whole lines or nothing, and without ever waiting for whoever reads them. A pipe
/// that is full, a reader that has gone or a disk without room costs lines, and no request.
struct LogTarget {
    private enum Kind {
        case socket
        /// One that does not block, because it was opened for that.
        case own
        /// A pipe or terminal that may block and could not be opened again, so that it is asked before.
        case shared
        /// A file; nothing makes it wait for anybody.
        case file
    }

    private let descriptor: Int32
    private let kind: Kind
    let isTerminal: Bool
    /// Whether systemd's journal reads it.
    let isJournal: Bool
    /// Whether the end of the line before is missing.
    private var isCut = false

    /// - Parameter descriptor: stays open for as long as this is used.
    init(_ descriptor: Int32) {
        var status = stat()
        let isOpen = fstat(descriptor, &status) == 0
        isTerminal = isatty(descriptor) == 1
        let journal = getenv("JOURNAL_STREAM").map { String(cString: $0) }
        isJournal = isOpen && journal == "\(status.st_dev):\(status.st_ino)"
        switch status.st_mode & S_IFMT {
        case S_IFSOCK: (self.descriptor, kind) = (descriptor, .socket)
        case S_IFIFO, S_IFCHR:
            // To make it non-blocking would do so for all processes that share it.
            let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
            let own = open("/proc/self/fd/\(descriptor)", flags)
            (self.descriptor, kind) = own < 0 ? (descriptor, .shared) : (own, .own)
        default: (self.descriptor, kind) = (descriptor, .file)
        }
    }

    /// - Returns: whether the line was written.
    mutating func write(_ line: [UInt8]) -> Bool {
        let line = isCut ? [UInt8(ascii: "\n")] + line : line
        let count = attempt(line)
        guard count > 0 else { return false }
        isCut = count < line.count
        return !isCut
    }

    private func attempt(_ bytes: [UInt8]) -> Int {
        if kind == .shared {
            var question = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&question, 1, 0) == 1, question.revents & Int16(POLLOUT) != 0 else { return -1 }
        }
        while true {
            let count = bytes.withUnsafeBytes { bytes in
                kind == .socket
                    ? send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                    : Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            guard count < 0, errno == EINTR else { return count }
        }
    }

    /// Puts something in the place of descriptors that were closed at the start: the next file or socket would get their
    /// numbers, and be written to as if it were the log.
    static func fillGaps() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDWR) }
    }
}
