import Glibc
import Testing

@testable import FastCGI

/// The web server's side of a FastCGI connection, on a blocking socket that gives up after ten seconds.
final class FastCGIClient {
    struct Answer: Equatable {
        var content: [UInt8] = []
        var protocolStatus: UInt8 = 0

        var text: String { String(decoding: content, as: UTF8.self) }
    }

    /// Nobody listens.
    struct Refused: Error {}

    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    private var input: [UInt8] = []
    private var isOpen = true

    init(_ path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Refused() }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    deinit { close() }

    func close() {
        if isOpen { _ = Glibc.close(descriptor) }
        isOpen = false
    }

    /// Sends no more, and goes on reading.
    func closeSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// - Returns: false where the server has closed the connection.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next record; nil at the connection's end.
    func record() -> (kind: UInt8, id: UInt16, content: [UInt8])? {
        while true {
            let found = input.withUnsafeBytes { bytes in
                Record(at: bytes).map { ($0.kind, $0.requestID, Array($0.content), $0.size) }
            }
            if let (kind, id, content, size) = found {
                input.removeFirst(size)
                return (kind, id, content)
            }
            guard readMore() else { return nil }
        }
    }

    /// The records up to the end of a request; nil at the connection's end, also where that cuts an answer.
    func answer() -> Answer? {
        var answer = Answer()
        while let (kind, _, content) = record() {
            switch kind {
            case 6: answer.content += content
            case 3:
                answer.protocolStatus = content[4]
                return answer
            default: Issue.record("a record of kind \(kind) within an answer")
            }
        }
        return nil
    }

    /// Waits until bytes have arrived, and leaves them there.
    func waitForBytes() {
        var byte: UInt8 = 0
        recv(descriptor, &byte, 1, Int32(MSG_PEEK))
    }

    /// Whether bytes have arrived that were not asked for yet.
    var hasMore: Bool { !input.isEmpty }

    /// Whether the server closes the connection without a further byte.
    func isAtEnd() -> Bool { input.isEmpty && !readMore() && errno != EAGAIN }

    private func readMore() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        errno = 0
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { input += buffer[..<count] }
        return count > 0
    }
}

/// A whole request; its body's length is `CONTENT_LENGTH` unless `declaring` says otherwise.
func request(
    _ parameters: [String: String] = [:], body: [UInt8] = [], declaring length: Int? = nil, keep: Bool = true,
    chunk: Int = 32_760, id: UInt16 = 1
) -> [UInt8] {
    let length = pair("CONTENT_LENGTH", String(length ?? body.count))
    let pairs = parameters.sorted { $0.key < $1.key }.flatMap { pair($0.key, $0.value) }
    var bytes = begin(flags: keep ? 1 : 0, id: id) + record(4, length + pairs, id: id) + record(4, id: id)
    for start in stride(from: 0, to: body.count, by: chunk) {
        bytes += record(5, Array(body[start..<min(start + chunk, body.count)]), id: id)
    }
    return bytes + record(5, id: id)
}

/// Bytes that repeat after 251, so that a lost or doubled piece shows.
func pattern(_ count: Int) -> [UInt8] {
    var bytes = Array(0..<251 as Range<UInt8>)
    while bytes.count < count { bytes += bytes }
    return Array(bytes.prefix(count))
}
