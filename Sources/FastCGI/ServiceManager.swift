import CLinux
import EventLoop
import Glibc

/// What systemd is told of a process that it has started with `Type=notify`, as sd_notify(3) does it: datagrams of
/// `NAME=value`. Where nobody has set `NOTIFY_SOCKET`, nobody is told.
@EventLoop
final class ServiceManager {
    private let address: (bytes: sockaddr_un, size: socklen_t)?

    init() {
        address = environment("NOTIFY_SOCKET").flatMap(Self.address)
    }

    func tell(_ state: String) {
        guard let address else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return tryAgain(state) }
        defer { close(descriptor) }
        let sent = withUnsafePointer(to: address.bytes) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, state, state.utf8.count, Int32(MSG_DONTWAIT), $0, address.size)
            }
        }
        if sent < 0, errno == EAGAIN { tryAgain(state) }
    }

    /// The loop is not held up by a manager that is busy.
    private func tryAgain(_ state: String) {
        EventLoop.schedule(after: .milliseconds(100)) { [self] in tell(state) }
    }

    /// Says again and again that the loop turns, where the manager waits for that: one that hangs is restarted.
    func startWatchdog() {
        let isOurs = environment("WATCHDOG_PID").map { $0 == String(getpid()) } ?? true
        guard isOurs, let limit = environment("WATCHDOG_USEC").flatMap(Int64.init), limit > 0 else { return }
        keepAlive(every: .microseconds(max(limit / 2, 1000)))
    }

    private func keepAlive(every interval: Duration) {
        tell("WATCHDOG=1")
        EventLoop.schedule(after: interval) { [self] in keepAlive(every: interval) }
    }

    /// An absolute path, or a name that begins with `@` and has no file.
    private static func address(_ name: String) -> (sockaddr_un, socklen_t)? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(name.utf8)
        guard bytes.first == UInt8(ascii: "/") || bytes.first == UInt8(ascii: "@"),
            bytes.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) {
            $0.copyBytes(from: bytes)
            if bytes.first == UInt8(ascii: "@") { $0[0] = 0 }
        }
        return (address, socklen_t(MemoryLayout<sa_family_t>.size + bytes.count))
    }
}

private func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
