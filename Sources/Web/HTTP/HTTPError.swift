import Sessions

/// An error that becomes a page: what a view, a middleware or the reading of a request may throw.
public enum HTTPError: Error, Sendable, Equatable {
    /// 400 (Django's `SuspiciousOperation` and `BadRequest`, with what is wrong).
    case badRequest(String)
    /// 403 (Django's `PermissionDenied` and the CSRF failure).
    case forbidden(reason: String)
    /// 404 (Django's `Http404`).
    case notFound
    /// 405, with the methods that the `Allow` header names.
    case methodNotAllowed(allowed: [String])
    /// 413 (Django's `RequestDataTooBig`).
    case contentTooLarge
    /// 429, with the seconds after which there is room for one more attempt.
    case tooManyRequests(retryAfter: Int)
    /// 431.
    case headersTooLarge
    /// 500; what went wrong is in the log.
    case internalServerError
    /// 503, with the seconds after which a new attempt makes sense.
    case serviceUnavailable(retryAfter: Int)

    public var status: Int {
        switch self {
        case .badRequest: 400
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .contentTooLarge: 413
        case .tooManyRequests: 429
        case .headersTooLarge: 431
        case .internalServerError: 500
        case .serviceUnavailable: 503
        }
    }

    /// What is wrong, in words for the log; it may quote the request.
    public var reason: String? {
        switch self {
        case .badRequest(let reason), .forbidden(let reason): reason
        default: nil
        }
    }

    /// The header that belongs to the error whatever its page looks like.
    var header: HeaderField? {
        switch self {
        case .methodNotAllowed(let allowed): .allow(allowed)
        case .serviceUnavailable(let seconds), .tooManyRequests(let seconds):
            HeaderField(fixed: "Retry-After", String(seconds))
        default: nil
        }
    }

    static let tooManyFields = badRequest(
        "The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.")
}

/// An error of another module that has a page of its own instead of a 500.
public protocol HTTPErrorConvertible: Error {
    var httpError: HTTPError { get }
}

extension SessionStoreError: HTTPErrorConvertible {
    public var httpError: HTTPError {
        switch self {
        case .keyGone:
            // Django's SessionInterrupted.
            .badRequest(
                "The request's session was deleted before the request completed. "
                    + "The user may have logged out in a concurrent request, for example.")
        case .keyExists, .unstorable: .internalServerError
        case .unavailable: .serviceUnavailable(retryAfter: 5)
        }
    }
}
