/// What answers a request (a view function of Django).
public typealias View = @Sendable (Request) async throws -> Response

/// Keeps every cache from storing what the view answers (Django's `never_cache`).
public func neverCache(_ view: @escaping View) -> View {
    { request in
        var response = try await view(request)
        response.addNeverCacheHeaders()
        return response
    }
}
