import Logging

/// Writes an error to the log that Django has for it: warnings for what the client did, errors for what the server did.
///
/// The line holds no query string, cookie or form value, and no character that a terminal or a log reader would obey.
func log(_ httpError: HTTPError, causedBy error: any Error, _ request: Request) {
    let phrase = statusPhrase(httpError.status)
    let path = quote(request.path.utf8.prefix(longestQuote), safe: .path)
    switch httpError {
    case .forbidden(let reason):
        let logger = CSRFFailure(httpError) == nil ? requestLogger : securityLogger
        logger.warning("\(phrase) (\(printable(reason))): \(path)")
    case .badRequest(let reason):
        requestLogger.warning("\(phrase) (\(printable(reason))): \(path)")
    case .internalServerError, .serviceUnavailable:
        requestLogger.error("\(phrase): \(path) (\(describe(error)))")
    default:
        requestLogger.warning("\(phrase): \(path)")
    }
}

private let requestLogger = Logger(label: "django.request")
private let securityLogger = Logger(label: "django.security.csrf")
private let longestQuote = 200

/// The error's type, and its text where the type has written one for people: other errors may print a secret they hold.
private func describe(_ error: any Error) -> String {
    let text = (error as? any CustomStringConvertible).map { ": " + printable($0.description) } ?? ""
    return "\(type(of: error))\(text)"
}

/// Text of the peer's in printable ASCII, cut to a line's length.
private func printable(_ text: String) -> String {
    text.unicodeScalars.prefix(longestQuote)
        .map { $0 == "'" || $0 == "\"" ? String($0) : $0.escaped(asASCII: true) }.joined()
}
