import CLinux
import EventLoop
import Glibc

/// The files of the processes of a host, and one with what those have counted that are gone: so the sums never fall.
struct MetricsDirectory: Sendable {
    let path: String

    /// What all have counted, and how it stands with those that live.
    struct Sums {
        fileprivate(set) var image = MetricsImage()
        fileprivate(set) var livingProcesses = 0
        /// When the youngest of them began, in seconds since 1970-01-01 UTC.
        fileprivate(set) var latestStart: UInt64 = 0
        /// Files that hold no metrics, or damaged ones; they are left as they are.
        fileprivate(set) var damaged: [String] = []
    }

    /// Makes the directory where it is missing.
    /// - Throws: `SystemError`.
    init(_ path: String) throws(SystemError) {
        self.path = path
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError("mkdir") }
    }

    /// The file of a process.
    func file(_ identifier: UInt64) -> String { "\(path)/\(Self.prefix)\(String(identifier, radix: 36))" }

    private static let prefix = "worker-"
    private var gone: String { path + "/gone" }

    /// Adds everything up. It reads files, and so is not for an event loop's thread.
    /// - Throws: `SystemError`.
    func sums() throws(SystemError) -> Sums {
        let lock = try takeLock()
        defer { close(lock) }
        var sums = Sums()
        var dead = MetricsImage()
        if access(gone, F_OK) == 0 {
            if let saved = Self.image(of: gone) { dead = saved.image } else { sums.damaged.append(gone) }
        }
        // It is in there already, if the last one to fold did not come to remove it.
        unlink(file(dead.lastFolded))
        for file in try files() {
            guard let (image, isAlive) = Self.image(of: file), file == self.file(image.identifier) else {
                if access(file, F_OK) == 0 { sums.damaged.append(file) }
                continue
            }
            if isAlive {
                sums.image.add(image)
                sums.livingProcesses += 1
                sums.latestStart = max(sums.latestStart, image.startTime)
            } else if let folded = fold(image, into: dead) {
                dead = folded
            } else {
                // It is kept for the next time.
                sums.image.add(image, countedOnly: true)
            }
        }
        sums.image.add(dead)
        sums.image.crashes = dead.crashes
        return sums
    }

    /// Moves what a process that is gone has counted to what all those have.
    /// - Returns: nil where that could not be written.
    private func fold(_ image: MetricsImage, into dead: MetricsImage) -> MetricsImage? {
        var dead = dead
        dead.add(image, countedOnly: true)
        dead.lastFolded = image.identifier
        if image.isServing { dead.crashes += 1 }
        guard write(dead.words, to: gone + ".new"), rename(gone + ".new", gone) == 0 else { return nil }
        unlink(file(image.identifier))
        return dead
    }

    // MARK: Files

    /// One process adds up at a time. Its lock is asked for again and again for 2 s; whoever has it needs milliseconds.
    private func takeLock() throws(SystemError) -> Int32 {
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("open") }
        for _ in 0..<200 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
            usleep(10_000)
        }
        let error = SystemError("flock")
        close(descriptor)
        throw error
    }

    private func files() throws(SystemError) -> [String] {
        guard let stream = opendir(path) else { throw SystemError("opendir") }
        defer { closedir(stream) }
        var files: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(Self.prefix), !name.hasSuffix(".new") { files.append(path + "/" + name) }
        }
        return files
    }

    /// What a file holds, and whether the process whose it is lives; nil where that cannot be read or is damaged.
    private static func image(of file: String) -> (image: MetricsImage, isAlive: Bool)? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // Asked for first: what a process counts before its end is read.
        let isAlive = flock(descriptor, LOCK_SH | LOCK_NB) != 0
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1 << 20 else {
            return nil
        }
        var words = [UInt64](repeating: 0, count: Int(status.st_size) / 8)
        let count = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == words.count * 8, let image = MetricsImage(words: words) else { return nil }
        return (image, isAlive)
    }

    private func write(_ words: [UInt64], to file: String) -> Bool {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let count = words.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        return close(descriptor) == 0 && count == words.count * 8
    }
}
