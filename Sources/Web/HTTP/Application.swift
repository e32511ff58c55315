/// The front door: takes a request through the middleware to its view, and makes a page of every error.
///
/// The way is Django's: the layers from the first to the last, then `ALLOWED_HOSTS`, the URL patterns with the methods
/// that they allow, each layer's `processView`, the view. An error becomes a page inside the layer that it comes from, so
/// that the layers outside it set their headers and cookies on that page too.
public final class Application {
    /// Makes the page of an error. The status and the headers that belong to it are set afterwards.
    public typealias ErrorPage = @Sendable (HTTPError, Request) -> Response

    public let settings: WebSettings
    private let resolver: URLResolver
    private let middleware: [any Middleware]
    private let errorPage: ErrorPage

    public init(
        _ resolver: URLResolver, middleware: [any Middleware], settings: WebSettings = WebSettings(),
        errorPage: @escaping ErrorPage = plainErrorPage
    ) {
        self.resolver = resolver
        self.middleware = middleware
        self.settings = settings
        self.errorPage = errorPage
    }

    /// The response to a request; there is always one.
    public func respond(to request: Request) async -> Response { await respond(to: request, isolation: #isolation) }

    private func respond(to request: Request, isolation: isolated (any Actor)?) async -> Response {
        await Request.$current.withValue(request.meta) {
            // Has the closure run where the caller is, else it is a job of its own.
            _ = isolation
            return await answer(request)
        }
    }

    private func answer(_ request: Request) async -> Response {
        var passed = 0
        var response: Response
        do {
            var early: Response?
            while passed < middleware.count, early == nil {
                if let pending = try middleware[passed].processRequest(request) { early = try await pending() }
                passed += 1
            }
            response = if let early { early } else { try await callView(request) }
        } catch {
            response = page(for: error, request)
        }
        for layer in middleware[..<passed].reversed() {
            do {
                if let pending = try layer.processResponse(request, &response) { try await pending(&response) }
            } catch {
                response = page(for: error, request)
            }
        }
        return response
    }

    private func callView(_ request: Request) async throws -> Response {
        if let refusal = request.refusal { throw refusal }
        _ = try request.host()
        guard let match = resolver.resolve(request.path) else {
            if let redirect = try appendingSlash(request) { return redirect }
            throw HTTPError.notFound
        }
        request.resolverMatch = match
        request.viewMetrics = match.metrics
        if let response = try match.methods?.answer(to: request) { return response }
        for layer in middleware { try layer.processView(request, match) }
        return try await match.view(request)
    }

    /// The redirect to the path with a slash, where only that leads somewhere (`APPEND_SLASH` of Django's
    /// `CommonMiddleware`).
    private func appendingSlash(_ request: Request) throws(HTTPError) -> Response? {
        guard settings.appendSlash, request.path.utf8.last != UInt8(ascii: "/"),
            resolver.resolve(request.path + "/") != nil
        else { return nil }
        return try .redirect(to: escapeLeadingSlashes(request.fullPath(appendingSlash: true)), permanent: true)
    }

    private func page(for error: any Error, _ request: Request) -> Response {
        let httpError = (error as? HTTPError) ?? (error as? any HTTPErrorConvertible)?.httpError ?? .internalServerError
        log(httpError, causedBy: error, request)
        var response = errorPage(httpError, request)
        response.status = httpError.status
        if let header = httpError.header { response.set(header) }
        return response
    }
}

/// A page that says no more than the status.
public func plainErrorPage(_ error: HTTPError, _ request: Request) -> Response {
    plainPage(status: error.status)
}

/// A page that says what the status is called.
public func plainPage(status: Int) -> Response {
    let phrase = statusPhrase(status)
    return Response(
        "<!doctype html>\n<html lang=\"en\">\n<head><title>\(phrase)</title></head>\n<body><h1>\(phrase)</h1></body>\n</html>\n",
        status: status)
}
