/// The methods that a view answers (Django's `require_http_methods`).
///
/// Where GET is allowed HEAD is too. Unlike Django's decorator it is asked before the CSRF check: a method that can never
/// succeed is told so, and not that its token is missing.
struct AllowedMethods: Sendable {
    private let names: [String]
    private let viewAnswersOptions: Bool

    init(_ names: [String]) {
        viewAnswersOptions = names.contains("OPTIONS")
        self.names =
            names.flatMap { $0 == "GET" && !names.contains("HEAD") ? ["GET", "HEAD"] : [$0] }
            + (viewAnswersOptions ? [] : ["OPTIONS"])
    }

    /// The answer to OPTIONS; nil where the view is to answer.
    /// - Throws: ``HTTPError/methodNotAllowed(allowed:)``.
    func answer(to request: Request) throws(HTTPError) -> Response? {
        guard names.contains(request.method) else { throw .methodNotAllowed(allowed: names) }
        guard request.method == "OPTIONS", !viewAnswersOptions else { return nil }
        var response = Response()
        response.set(.allow(names))
        return response
    }
}
