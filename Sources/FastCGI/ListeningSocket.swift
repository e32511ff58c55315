import CLinux
import EventLoop
import Glibc

/// Where the web server connects to.
public enum ListeningSocket {
    public enum Address: Equatable, Sendable {
        case unix(path: String)
        case tcp(host: String, port: String)

        /// Reads `unix:PATH` or `HOST:PORT`, IPv6 hosts in brackets.
        public init?(_ text: String) {
            if text.hasPrefix("unix:") {
                let path = text.dropFirst(5)
                guard !path.isEmpty, path.utf8.count < 108, !path.utf8.contains(0) else { return nil }
                self = .unix(path: String(path))
                return
            }
            guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
            else { return nil }
            var host = text[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard !host.isEmpty else { return nil }
            self = .tcp(host: String(host), port: String(port))
        }
    }

    /// The socket that was handed to this process: descriptor 0 (spawn-fcgi, systemd's `StandardInput=socket`) or the
    /// first of systemd's `LISTEN_FDS`.
    public static func inherited() -> Int32? {
        if isListening(0) { return 0 }
        let variable = { (name: String) in getenv(name).flatMap { Int32(String(cString: $0)) } }
        guard variable("LISTEN_PID") == getpid(), let count = variable("LISTEN_FDS"), count > 0, isListening(3)
        else { return nil }
        _ = fcntl(3, F_SETFD, FD_CLOEXEC)
        return 3
    }

    /// Opens a socket; a Unix socket's file that nobody serves any more is replaced.
    /// - Throws: `SystemError`: `EADDRINUSE` where somebody serves it.
    public static func open(_ address: Address, mode: mode_t, backlog: Int32) throws(SystemError) -> Int32 {
        switch address {
        case .unix(let path): try openUnix(path, mode: mode, backlog: backlog)
        case .tcp(let host, let port): try openTCP(host, port, backlog: backlog)
        }
    }

    /// Removes the socket's file unless another process has put its own there.
    public static func remove(_ address: Address, listener: Int32) {
        guard case .unix(let path) = address else { return }
        // While somebody else serves the path, connecting to it works although our own socket is closed.
        close(listener)
        if !isServed(path) { unlink(path) }
    }

    /// Whether only this machine can connect: a Unix socket, or a loopback address.
    public static func isLocal(_ descriptor: Int32) -> Bool {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            let isKnown = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &size) == 0
            }
            guard isKnown else { return false }
            switch Int32(pointer.pointee.ss_family) {
            case AF_UNIX: return true
            case AF_INET:
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt32(bigEndian: $0.pointee.sin_addr.s_addr) >> 24 == 127
                }
            case AF_INET6:
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin6_addr) { bytes in
                        bytes.elementsEqual([UInt8](repeating: 0, count: 15) + [1])
                            || bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 127])
                    }
                }
            default: return false
            }
        }
    }

    private static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0
    }

    private static func openUnix(_ path: String, mode: mode_t, backlog: Int32) throws(SystemError) -> Int32 {
        let socket = try makeSocket(AF_UNIX)
        do throws(SystemError) {
            guard !isServed(path) else {
                errno = EADDRINUSE
                throw SystemError("bind")
            }
            unlink(path)
            // The mode is right from the first moment: bind(2) applies the umask.
            let previous = umask(~mode & 0o777)
            defer { umask(previous) }
            guard withAddress(path, { bind(socket, $0, $1) }) == 0 else { throw SystemError("bind") }
            guard listen(socket, backlog) == 0 else { throw SystemError("listen") }
            return socket
        } catch {
            close(socket)
            throw error
        }
    }

    private static func isServed(_ path: String) -> Bool {
        guard let socket = try? makeSocket(AF_UNIX) else { return false }
        defer { close(socket) }
        _ = fcntl(socket, F_SETFL, O_NONBLOCK)
        // EAGAIN: more connections wait there than its backlog holds.
        return withAddress(path) { connect(socket, $0, $1) } == 0 || errno == EAGAIN
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func openTCP(_ host: String, _ port: String, backlog: Int32) throws(SystemError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &list) == 0, let info = list?.pointee else {
            errno = EADDRNOTAVAIL
            throw SystemError("getaddrinfo")
        }
        defer { freeaddrinfo(list) }
        let socket = try makeSocket(info.ai_family)
        // Accepted sockets inherit them. A kept connection of a host that is gone ends after a minute and a half.
        for (level, option, value) in [
            (SOL_SOCKET, SO_REUSEADDR, 1), (Int32(IPPROTO_TCP), TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1),
            (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60), (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10),
            (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3),
        ] as [(Int32, Int32, Int32)] {
            var value = value
            setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        guard bind(socket, info.ai_addr, info.ai_addrlen) == 0, listen(socket, backlog) == 0 else {
            let error = SystemError("bind")
            close(socket)
            throw error
        }
        return socket
    }

    private static func makeSocket(_ family: Int32) throws(SystemError) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        return descriptor
    }
}
