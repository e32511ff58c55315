/// What answers a request (a view function of Django).
public typealias View = @Sendable (Request) async throws -> Response

/// Lets a view answer only some methods (Django's `require_http_methods`).
///
/// Where GET is allowed HEAD is too; OPTIONS is answered with the list, others with 405 and the list, in the `Allow` header.
public func requireHTTPMethods(_ methods: [String], _ view: @escaping View) -> View {
    let allowed = withImpliedMethods(methods)
    let answersOptions = methods.contains("OPTIONS")
    return { request in
        guard allowed.contains(request.method) else { throw HTTPError.methodNotAllowed(allowed: allowed) }
        if request.method == "OPTIONS", !answersOptions { return optionsResponse(allowed) }
        return try await view(request)
    }
}

private func withImpliedMethods(_ methods: [String]) -> [String] {
    var allowed = methods
    if let index = allowed.firstIndex(of: "GET"), !allowed.contains("HEAD") { allowed.insert("HEAD", at: index + 1) }
    if !allowed.contains("OPTIONS") { allowed.append("OPTIONS") }
    return allowed
}

private func optionsResponse(_ allowed: [String]) -> Response {
    var response = Response()
    response.set(.allow(allowed))
    return response
}

/// Keeps every cache from storing what the view answers (Django's `never_cache`).
public func neverCache(_ view: @escaping View) -> View {
    { request in
        var response = try await view(request)
        response.addNeverCacheHeaders()
        return response
    }
}
