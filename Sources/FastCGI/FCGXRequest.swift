import CFastCGI
import CLinux
import Glibc
import Web

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

    /// Reads the one whole request that lies in `descriptor`, whose body has `bodyLength` bytes.
    /// - Returns: nil where libfcgi failed or reads something else; `descriptor` is closed then.
    func read(from descriptor: Int32, bodyLength: Int) -> FastCGIRequest? {
        request.pointee.ipcFd = descriptor
        guard FCGX_Accept_r(request) == 0 else { return nil }
        request.pointee.keepConnection = 1
        guard let body = body(bodyLength), FCGX_GetError(request.pointee.in) == 0 else {
            FCGX_Free(request, 1)
            return nil
        }
        request.pointee.ipcFd = -1
        let meta = meta()
        return FastCGIRequest(meta: meta, body: body, problem: contentLength(in: meta) == bodyLength ? nil : .malformed)
    }

    /// Reads the one whole request that `records` hold.
    func read(records: [UInt8], bodyLength: Int) -> FastCGIRequest? {
        guard let file = MemoryFile.make(containing: records), let result = read(from: file, bodyLength: bodyLength)
        else { return nil }
        close(file)
        return result
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

    private func meta() -> Meta {
        var meta = Meta(reserving: 32, bytes: 1024)
        var entry = request.pointee.envp
        while let text = entry?.pointee {
            let start = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
            meta.append(assignment: UnsafeBufferPointer(start: start, count: strlen(text)))
            entry = entry?.successor()
        }
        return meta
    }

    /// What `CONTENT_LENGTH` says, 0 where it is missing or empty; nil where it is no number.
    private func contentLength(in meta: Meta) -> Int? {
        guard let value = meta["CONTENT_LENGTH"], !value.isEmpty else { return 0 }
        return Int(String(decoding: value, as: UTF8.self))
    }

    /// The body; nil where it is not `length` bytes.
    private func body(_ length: Int) -> [UInt8]? {
        // One byte more makes libfcgi read the record that ends the body.
        let body = [UInt8](unsafeUninitializedCapacity: length + 1) { buffer, count in
            let delivered = buffer.withMemoryRebound(to: CChar.self) {
                FCGX_GetStr($0.baseAddress, Int32(clamping: length + 1), request.pointee.in)
            }
            count = Int(max(delivered, 0))
        }
        return body.count == length ? body : nil
    }
}
