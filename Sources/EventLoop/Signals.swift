import CLinux
import Glibc

extension EventLoop {
    /// Keeps `signals` from interrupting anything; call it before any thread starts, then ``onSignals(_:_:)``.
    public nonisolated static func block(signals: [Int32]) {
        var set = signalSet(signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Calls `handler` for each of `signals`, which must be blocked, as an ordinary event of the loop.
    @EventLoop
    public static func onSignals(
        _ signals: [Int32], _ handler: @escaping @EventLoop (Int32) -> Void
    ) throws(SystemError) {
        var set = signalSet(signals)
        let descriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard descriptor >= 0 else { throw SystemError("signalfd") }
        try watch(descriptor, for: .readable) { _ in
            var info = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            while read(descriptor, &info, size) == size { handler(Int32(info.ssi_signo)) }
        }
    }

    private nonisolated static func signalSet(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
