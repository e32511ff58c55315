import Web

/// What the web server asks for (section 6 of the FastCGI specification).
public enum FastCGIRole: UInt8, Sendable {
    /// The page.
    case responder = 1
    /// Whether the web server may send its own: status 200 lets it, and `Variable-NAME` headers are passed on to what makes
    /// the page; any other answer goes to the client.
    case authorizer = 2
}

/// A request as the web server sent it.
public struct FastCGIRequest: Sendable {
    /// Why a request cannot be served as it is; the application answers it with an error page.
    public enum Problem: Sendable {
        /// A parameter holds NUL or an impossible name, or the body is not as long as `CONTENT_LENGTH` says.
        case malformed
        case parametersTooLarge
        case bodyTooLarge
    }

    /// The CGI variables in the order in which they came.
    public var meta: Meta
    public var body: [UInt8]
    public var problem: Problem?
    public var role: FastCGIRole

    /// The request that was read.
    init(_ scanner: RequestScanner) {
        meta = scanner.meta
        body = scanner.body
        role = scanner.role
        // An Authorizer gets no body, whatever the length that the client declared.
        let isWhole = role == .authorizer || Self.contentLength(in: meta) == body.count
        problem = scanner.problem ?? (isWhole ? nil : .malformed)
    }

    /// What `CONTENT_LENGTH` says, 0 where it is missing or empty; nil where it is no number.
    private static func contentLength(in meta: Meta) -> Int? {
        guard let value = meta["CONTENT_LENGTH"], !value.isEmpty else { return 0 }
        return Int(String(decoding: value, as: UTF8.self))
    }
}

/// What a request may cost.
public struct FastCGILimits: Sendable {
    /// Bytes of all CGI variables.
    public var parameters = 131_072
    /// Bytes of a request body; a longer one is read to its end and answered with 413.
    public var body = 2_621_440
    /// Bytes of a request body that are read only to be dropped; past them the connection is closed.
    public var discardedBody = 67_108_864
    /// Bytes of requests and answers that are held for all connections together; past them those that hold most are closed.
    public var held = 268_435_456
    /// How long a request may take to come in as a whole, counted for the first one from the connection's beginning.
    public var receiving = Duration.seconds(30)
    /// How long a peer may take to receive an answer that does not fit its socket's buffer.
    public var sending = Duration.seconds(30)

    public init() {}
}
