import CFastCGI
import CLinux
import Glibc

/// Owns an `FCGX_Request`, and keeps libfcgi from ever blocking or closing a socket.
///
/// libfcgi reads from a descriptor that holds one whole request, and writes where that cannot block: the socket itself,
/// or a ``MemoryFile``. It is told to keep every connection, so that closing stays with the caller.
final class FCGXRequest {
    private let request: UnsafeMutablePointer<FCGX_Request>

    init() {
        request = .allocate(capacity: 1)
        request.initialize(to: FCGX_Request())
        FCGX_InitRequest(request, -1, 0)
        request.pointee.ipcFd = -1
        request.pointee.keepConnection = 1
        // Without this a close by libfcgi lingers.
        request.pointee.detached = 1
    }

    deinit {
        FCGX_Free(request, 0)
        request.deinitialize(count: 1)
        request.deallocate()
    }

    /// Call it once before the first request; its signal handlers are of no use here, signals being blocked.
    static func initializeLibrary() -> Bool {
        defer { signal(SIGPIPE, SIG_IGN) }
        return FCGX_Init() == 0
    }

    /// Has libfcgi read the one whole request that lies in `descriptor`, whose body has `bodyLength` bytes. What it says is
    /// known already: the scanner has read it.
    /// - Parameter scratch: what the body is read into.
    /// - Returns: false where libfcgi failed or reads something else; `descriptor` is closed then.
    func read(from descriptor: Int32, bodyLength: Int, scratch: UnsafeMutableRawBufferPointer) -> Bool {
        request.pointee.ipcFd = descriptor
        guard FCGX_Accept_r(request) == 0 else { return false }
        request.pointee.keepConnection = 1
        guard readBody(into: scratch) == bodyLength, FCGX_GetError(request.pointee.in) == 0 else {
            FCGX_Free(request, 1)
            return false
        }
        request.pointee.ipcFd = -1
        return true
    }

    /// Has libfcgi read the one whole request that `records` hold.
    func read(records: [UInt8], bodyLength: Int, scratch: UnsafeMutableRawBufferPointer) -> Bool {
        guard let file = MemoryFile.make(containing: records),
            read(from: file, bodyLength: bodyLength, scratch: scratch)
        else { return false }
        close(file)
        return true
    }

    /// Reads to the record that ends the body.
    /// - Returns: how many bytes there were.
    private func readBody(into scratch: UnsafeMutableRawBufferPointer) -> Int {
        let (start, size) = (scratch.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: scratch.count))
        var total = 0
        while true {
            let count = FCGX_GetStr(start, size, request.pointee.in)
            total += Int(max(count, 0))
            if count < size { return total }
        }
    }

    /// Writes the answer to `descriptor` and ends the request.
    /// - Returns: false where writing failed; libfcgi has closed the descriptor then.
    func finish(_ response: [UInt8], on descriptor: Int32) -> Bool {
        request.pointee.ipcFd = descriptor
        response.withUnsafeBytes { bytes in
            _ = FCGX_PutStr(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count),
                request.pointee.out)
        }
        FCGX_Finish_r(request)
        defer { request.pointee.ipcFd = -1 }
        return request.pointee.ipcFd >= 0
    }

    /// Ends the request with the answer's records as a value; nil where memory is short.
    func finish(_ response: [UInt8]) -> [UInt8]? {
        guard let file = MemoryFile.make(containing: []), finish(response, on: file) else { return nil }
        defer { close(file) }
        return MemoryFile.contents(of: file)
    }

    /// Gives the request up without a word to the peer.
    func abandon() {
        request.pointee.ipcFd = -1
        FCGX_Free(request, 0)
    }
}
