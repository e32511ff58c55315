import CLinux
import EventLoop
import Glibc
import Synchronization

/// Places in which numbers are counted, by any thread.
struct Slot: Sendable {
    /// Atomics, so that any thread may use them; in the memory of the file, which stays mapped for as long as this is there.
    nonisolated(unsafe) let places: UnsafeMutablePointer<Atomic<UInt64>>
    private let file: MetricsFile

    fileprivate init(_ file: MetricsFile, at index: Int) { (self.file, places) = (file, file.place(index)) }
}

/// The file in which a process keeps what it counts, mapped into its memory: counting is a store, and what was counted
/// survives the process. A lock on the file says that the process lives.
final class MetricsFile: Sendable {
    /// 64 KiB.
    static let wordCount = 8192

    private let descriptor: Int32
    /// Written before anybody else sees it, then under the lock of `used` or as atomics.
    nonisolated(unsafe) private let words: UnsafeMutablePointer<UInt64>
    private let used = Mutex(MetricsImage.Header.count)

    /// - Throws: `SystemError`, also where the disk is full.
    init(in directory: MetricsDirectory) throws(SystemError) {
        var generator = SystemRandomNumberGenerator()
        let identifier = UInt64.random(in: 1 ... .max, using: &generator)
        let name = directory.file(identifier)
        // Locked before it has its name: whoever finds it without the lock takes its process for dead.
        descriptor = open(name + ".new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open") }
        let size = Self.wordCount * MemoryLayout<UInt64>.stride
        do throws(SystemError) {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw SystemError("flock") }
            // The space is taken now: a write to a mapped page that the disk has no room for ends the process.
            errno = posix_fallocate(descriptor, 0, off_t(size))
            guard errno == 0 else { throw SystemError("posix_fallocate") }
            guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
                memory != MAP_FAILED
            else { throw SystemError("mmap") }
            words = memory.bindMemory(to: UInt64.self, capacity: Self.wordCount)
            var header = MetricsImage()
            header.identifier = identifier
            header.startTime = UInt64(max(time(nil), 0))
            for (index, word) in header.words.enumerated() { words[index] = word }
            guard rename(name + ".new", name) == 0 else { throw SystemError("rename") }
        } catch {
            unlink(name + ".new")
            close(descriptor)
            throw error
        }
    }

    deinit {
        munmap(words, Self.wordCount * MemoryLayout<UInt64>.stride)
        close(descriptor)
    }

    /// Adds a record.
    /// - Returns: the places of its values; nil where the file is full.
    func add(_ series: Series) -> Slot? {
        let head = series.head
        return used.withLock { used in
            let end = used + head.count + series.values.count
            guard series.isStorable, end <= Self.wordCount else { return nil }
            for (index, word) in head.enumerated() { words[used + index] = word }
            defer { used = end }
            // Readers see a record when it is whole; the values of a new file are zero.
            place(MetricsImage.Header.used).pointee.store(UInt64(end), ordering: .releasing)
            return Slot(self, at: used + head.count)
        }
    }

    /// - Parameter isServing: whether the process means to live on.
    func isServing(_ isServing: Bool) {
        place(MetricsImage.Header.isServing).pointee.store(isServing ? 1 : 0, ordering: .releasing)
    }

    fileprivate func place(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        UnsafeMutableRawPointer(words + index).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}
