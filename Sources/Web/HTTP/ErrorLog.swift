import Logging

/// Writes an error to the log that Django has for it. What an operator can mend is an error or a warning: what the server
/// did, and a refusal, behind which a wrong setting or a proxy may be. What else a client did is for who wants to know.
///
/// The line holds no query string, cookie or form value, and no character that a terminal or a log reader would obey.
func log(_ httpError: HTTPError, causedBy error: any Error, _ request: Request) {
    func metadata(_ name: String? = nil, _ text: String = "") -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "path": .string(quote(request.path.utf8.prefix(longestQuote), safe: .path)),
            "status": .string(String(httpError.status)),
        ]
        if let name { metadata[name] = .string(text) }
        return metadata
    }
    let message = Logger.Message(stringLiteral: statusPhrase(httpError.status))
    switch httpError {
    case .forbidden(let reason):
        let logger = CSRFFailure(httpError) == nil ? requestLogger : securityLogger
        logger.warning(message, metadata: metadata("reason", printable(reason)))
    case .badRequest(let reason): requestLogger.warning(message, metadata: metadata("reason", printable(reason)))
    case .internalServerError, .serviceUnavailable:
        requestLogger.error(message, metadata: metadata("error", describe(error)))
    default: requestLogger.info(message, metadata: metadata())
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
