import CLinux
import CoreMetrics
import EventLoop
import Glibc
import Logging

/// Accepts connections from the web server and serves their requests until it is told to drain; so long the event loop
/// keeps it alive.
@EventLoop
public final class FastCGIServer {
    /// Answers a request with the bytes of a CGI response (header lines, an empty line, the body).
    public typealias Handler = @EventLoop (FastCGIRequest) async -> [UInt8]

    let limits: FastCGILimits
    let handler: Handler
    private let takesAuthorizers: Bool
    /// What every connection reads into.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 16)
    private(set) var isDraining = false
    /// Bytes that the connections hold.
    var held = 0

    private let listener: Int32
    let logger: Logger
    private var connections: [Int32: FastCGIConnection] = [:] {
        didSet { connectionCount.record(connections.count) }
    }
    private let connectionCount = Gauge(label: "sessiond_connections")
    private var whenEmpty: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - listener: a listening socket, which the caller closes.
    ///   - takesAuthorizers: whether `handler` answers requests of that role too; they are refused otherwise.
    /// - Throws: `SystemError`.
    public init(
        listener: Int32, limits: FastCGILimits = FastCGILimits(), takesAuthorizers: Bool = false, logger: Logger,
        handler: @escaping Handler
    ) throws(SystemError) {
        guard FCGXRequest.initializeLibrary() else { throw SystemError("FCGX_Init") }
        self.listener = listener
        self.limits = limits
        self.takesAuthorizers = takesAuthorizers
        self.logger = logger
        self.handler = handler
        _ = fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK)
        try listen()
    }

    isolated deinit { buffer.deallocate() }

    /// Takes no new connection, asks the web server after each answer to close the connection, and closes after `grace`
    /// those that are left.
    /// - Parameter endsListening: whether nobody else accepts from the listening socket. What waits there is served then,
    ///   and further connections are refused, so that the web server turns to another worker.
    /// - Returns: when the last connection is closed.
    public func drain(grace: Duration, endsListening: Bool = false) async {
        isDraining = true
        EventLoop.unwatch(listener)
        if endsListening {
            while accept() {}
            shutdown(listener, Int32(SHUT_RDWR))
        }
        EventLoop.schedule(after: grace) { [self] in
            for connection in Array(connections.values) { connection.end() }
        }
        await withCheckedContinuation { if connections.isEmpty { $0.resume() } else { whenEmpty = $0 } }
    }

    func makeScanner() -> RequestScanner { RequestScanner(limits: limits, takesAuthorizers: takesAuthorizers) }

    private func listen() throws(SystemError) {
        try EventLoop.watch(listener, for: [.readable, .exclusive]) { [self] _ in accept() }
    }

    /// One connection for each event, so that the processes that share the socket share the connections.
    /// - Returns: whether there was one.
    @discardableResult
    private func accept() -> Bool {
        let descriptor = accept4(listener, nil, nil, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
        guard descriptor >= 0 else {
            let error = SystemError("accept4")
            // Another process took it, or the peer has gone; all else lasts for a while.
            if ![EAGAIN, ECONNABORTED, EINTR].contains(error.code) { pauseAccepting(error) }
            return false
        }
        do throws(SystemError) {
            connections[descriptor] = try FastCGIConnection(descriptor, server: self)
        } catch {
            logger.error("connection refused", metadata: ["reason": "\(error)"])
            close(descriptor)
        }
        return true
    }

    private func pauseAccepting(_ error: SystemError) {
        logger.error("no more connections can be accepted for now", metadata: ["reason": "\(error)"])
        EventLoop.unwatch(listener)
        EventLoop.schedule(after: .milliseconds(100)) { [self] in
            guard !isDraining else { return }
            do throws(SystemError) { try listen() } catch { pauseAccepting(error) }
        }
    }

    /// Closes the connections that hold most, until all together hold no more than they may.
    func makeRoom() {
        while held > limits.held,
            let largest = connections.values.filter({ !$0.isBusy }).max(by: { $0.held < $1.held }), largest.held > 0
        {
            largest.close()
        }
    }

    func connectionWasClosed(_ descriptor: Int32) {
        connections[descriptor] = nil
        guard isDraining, connections.isEmpty else { return }
        whenEmpty?.resume()
        whenEmpty = nil
    }
}
