/// A layer around the views (a middleware class of Django).
///
/// Layers stand in the order of the settings' `MIDDLEWARE`: the first one sees a request first and its response last. An
/// error of an inner layer or of the view has become a response already when ``processResponse(_:_:)`` is called; an error
/// that a layer throws itself becomes one for the layers outside it.
public protocol Middleware {
    /// What is left to be awaited before a request goes on, and the response that it gets in place of a view, if any.
    typealias PendingRequest = () async throws -> Response?
    /// What must be awaited before a response may leave, such as a commit.
    typealias PendingResponse = (inout Response) async throws -> Void

    /// Looks at a request on its way in (Django's `process_request`); nil passes it on. A layer that awaits nothing costs
    /// no suspension.
    func processRequest(_ request: Request) throws -> PendingRequest?

    /// Called when the URL patterns have found the view and before it runs (Django's `process_view`); throws to refuse.
    func processView(_ request: Request, _ match: ResolverMatch) throws

    /// Changes a response on its way out (Django's `process_response`).
    /// - Returns: what is left to be awaited, nil for nothing.
    func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse?
}

extension Middleware {
    public func processRequest(_ request: Request) throws -> PendingRequest? { nil }
    public func processView(_ request: Request, _ match: ResolverMatch) throws {}
    public func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? { nil }
}
