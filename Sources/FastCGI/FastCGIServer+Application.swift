import EventLoop
import Glibc
import Logging
import Web

extension FastCGIServer {
    /// The signals that ``run(grace:endsListening:)`` waits for; `EventLoop.block(signals:)` takes them before the loop runs.
    public nonisolated static let endingSignals = [SIGTERM, SIGINT]

    /// Serves an application.
    /// - Parameters:
    ///   - authorizer: answers the requests of that role; without it they are refused.
    ///   - listener: a listening socket, such as ``ListeningSocket/inherited()``, which the caller closes.
    /// - Throws: `SystemError`.
    public convenience init(
        _ application: Application, authorizer: Application? = nil, listener: Int32, logger: Logger
    ) throws(SystemError) {
        var limits = FastCGILimits()
        limits.body = application.settings.dataUploadMaxMemorySize ?? limits.discardedBody
        limits.discardedBody = max(limits.discardedBody, limits.body)
        // Else a single allowed body would be too much to hold.
        limits.held = max(limits.held, 2 * limits.body)
        let unfound = ViewMetrics("none")
        try self.init(
            listener: listener, limits: limits, takesAuthorizers: authorizer != nil, logger: logger
        ) { received in
            let application = received.role == .authorizer ? authorizer ?? application : application
            let (start, request) = (EventLoop.now, Request(received, settings: application.settings))
            let response = await application.respond(to: request)
            (request.viewMetrics ?? unfound).record(status: response.status, .now - start)
            return response.serialize(omitBody: request.method == "HEAD")
        }
    }

    /// Serves until SIGTERM or SIGINT comes, then drains; systemd is told of both, and that the loop turns meanwhile.
    /// - Parameters:
    ///   - grace: how long idle connections stay open for one more request.
    ///   - endsListening: whether nobody else accepts from the listening socket.
    /// - Throws: `SystemError`.
    public func run(grace: Duration = .seconds(5), endsListening: Bool = false) async throws(SystemError) {
        let signals = AsyncStream<Int32>.makeStream()
        try EventLoop.onSignals(Self.endingSignals) { signals.continuation.yield($0) }
        let manager = ServiceManager()
        manager.tell("READY=1")
        manager.startWatchdog()
        logger.notice("serving", metadata: ["pid": "\(getpid())"])
        for await _ in signals.stream { break }
        manager.tell("STOPPING=1")
        logger.notice("draining", metadata: ["pid": "\(getpid())"])
        await drain(grace: grace, endsListening: endsListening)
    }
}

extension Request {
    fileprivate convenience init(_ received: FastCGIRequest, settings: WebSettings) {
        let refusal: HTTPError? =
            switch received.problem {
            case .parametersTooLarge: .headersTooLarge
            case .malformed: .badRequest("The request's parameters or its body's length are malformed.")
            case .bodyTooLarge, nil: nil
            }
        // A body that is too large matters to those alone who read it.
        let body: Result<[UInt8], HTTPError> =
            received.problem == .bodyTooLarge ? .failure(.contentTooLarge) : .success(received.body)
        self.init(meta: received.meta, body: body, refusal: refusal, settings: settings)
    }
}
