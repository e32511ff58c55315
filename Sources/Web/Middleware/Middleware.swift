/// A layer around the views (a middleware class of Django).
///
/// Layers stand in the order of the settings' `MIDDLEWARE`: the first one sees a request first and its response last. An
/// error of an inner layer or of the view has become a response already when `getResponse` returns; an error that a layer
/// throws itself becomes one for the layer outside it.
public protocol Middleware {
    /// Passes the request on with `getResponse`, or answers it.
    func callAsFunction(_ request: Request, _ getResponse: (Request) async -> Response) async throws -> Response

    /// Called when the URL patterns have found the view and before it runs (Django's `process_view`); throws to refuse.
    func processView(_ request: Request, _ match: ResolverMatch) throws
}

extension Middleware {
    public func processView(_ request: Request, _ match: ResolverMatch) throws {}
}
