import CLinux
import Glibc

/// The files of a directory, one for each session, by system calls. What is written is on the disk when a call returns.
///
/// No error names a file: its name holds the session's key.
struct SessionFiles {
    /// Past this size it is no session that this program would decode.
    private static let maximumSize = 16 << 20

    let directory: String
    let prefix: String

    /// Django's `VALID_KEY_CHARS`: no key leads out of the directory.
    static func isValid(_ key: String) -> Bool {
        let (letters, digits) = (UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"))
        return !key.isEmpty && key.utf8.allSatisfy { letters ~= $0 || digits ~= $0 }
    }

    func path(_ key: String) -> String { directory + "/" + prefix + key }

    func exists(_ key: String) -> Bool {
        var status = stat()
        return lstat(path(key), &status) == 0
    }

    /// The text, and when it was written, in microseconds since 1970-01-01 UTC; nil where there is no such file.
    func read(_ key: String) throws(SessionStoreError) -> (text: [UInt8], modified: Int64)? {
        // Whoever else may write to the directory could put a link or a pipe there.
        let file = open(path(key), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            guard [ENOENT, ELOOP, ENAMETOOLONG].contains(errno) else { throw .failedFile() }
            return nil
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .failedFile() }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        let seconds = min(max(Int64(status.st_mtim.tv_sec), 0), 253_402_300_799)
        let modified = seconds * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000
        // As in the database: a text that no codec reads, and so a corrupt session.
        guard status.st_size <= Self.maximumSize else { return (Array("too large".utf8), modified) }
        var failed = false
        let text = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { bytes, count in
            while count < bytes.count {
                let read = Glibc.read(file, bytes.baseAddress.map { $0 + count }, bytes.count - count)
                if read < 0, errno == EINTR { continue }
                failed = read < 0
                guard read > 0 else { return }
                count += read
            }
        }
        if failed { throw .failedFile() }
        return (text, modified)
    }

    /// Writes a new file, and removes the one it replaces before it becomes visible; fails where that is gone.
    func create(_ key: String, _ text: [UInt8], replacing oldKey: String?) throws(SessionStoreError) {
        // The key is taken by an empty file, which fails where another has it; the text then takes its place in one step.
        let reserved = open(path(key), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard reserved >= 0 else { throw errno == EEXIST ? .keyExists : .failedFile() }
        close(reserved)
        do throws(SessionStoreError) {
            let temporary = try writeTemporary(key, text)
            if let oldKey, unlink(path(oldKey)) != 0 {
                throw errno == ENOENT ? .gone(removing: temporary) : .failedFile(removing: temporary)
            }
            guard rename(temporary, path(key)) == 0 else { throw .failedFile(removing: temporary) }
            try syncDirectory()
        } catch {
            unlink(path(key))
            throw error
        }
    }

    /// Puts a text in place of the one that is there. The two files change names in one step, which fails where the old
    /// one is gone: a deleted session is never brought back.
    func update(_ key: String, _ text: [UInt8]) throws(SessionStoreError) {
        guard exists(key) else { throw .keyGone }
        let temporary = try writeTemporary(key, text)
        if renameat2(AT_FDCWD, temporary, AT_FDCWD, path(key), UInt32(SWAP_NAMES)) == 0 {
            unlink(temporary)
        } else if errno == ENOENT {
            throw .gone(removing: temporary)
        } else if errno == EINVAL || errno == ENOSYS, exists(key) {
            // A file system that cannot swap them.
            guard rename(temporary, path(key)) == 0 else { throw .failedFile(removing: temporary) }
        } else {
            throw .failedFile(removing: temporary)
        }
        try syncDirectory()
    }

    /// - Returns: whether there was one.
    @discardableResult
    func delete(_ key: String) throws(SessionStoreError) -> Bool {
        guard unlink(path(key)) == 0 else {
            guard errno == ENOENT || errno == ENAMETOOLONG else { throw .failedFile() }
            return false
        }
        try syncDirectory()
        return true
    }

    /// Calls `body` with each key in the directory until it returns false.
    func forEachKey(_ body: (String) throws(SessionStoreError) -> Bool) throws(SessionStoreError) {
        guard let stream = opendir(directory) else { throw .failedFile() }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.utf8.starts(with: prefix.utf8) else { continue }
            let key = String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            guard Self.isValid(key) else { continue }
            guard try body(key) else { return }
        }
    }

    /// A file of mode 0600 beside the session's, as Django names it.
    private func writeTemporary(_ key: String, _ text: [UInt8]) throws(SessionStoreError) -> String {
        // mkostemp(3) puts its own characters in the place of the six.
        var name = Array((path(key) + "_out_XXXXXX").utf8CString)
        let file = mkostemp(&name, O_CLOEXEC)
        guard file >= 0 else { throw .failedFile() }
        defer { close(file) }
        let temporary = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        var written = 0
        while written < text.count {
            let count = text[written...].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .failedFile(removing: temporary) }
            written += count
        }
        guard fsync(file) == 0 else { throw .failedFile(removing: temporary) }
        return temporary
    }

    private func syncDirectory() throws(SessionStoreError) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw .failedFile() }
        defer { close(file) }
        guard fsync(file) == 0 || errno == EINVAL else { throw .failedFile() }
    }
}

extension SessionStoreError {
    fileprivate static func gone(removing temporary: String) -> SessionStoreError {
        unlink(temporary)
        return .keyGone
    }

    fileprivate static func failedFile(removing temporary: String? = nil) -> SessionStoreError {
        let reason = String(cString: strerror(errno))
        if let temporary { unlink(temporary) }
        return .unavailable("a session's file: \(reason)")
    }
}
