/// One entry of `urlpatterns`: a route and what it leads to.
public struct URLPattern: Sendable {
    enum Target: Sendable {
        case view(View, methods: AllowedMethods?, name: String?, csrfExempt: Bool)
        case include(IncludedPatterns)
    }

    let route: String
    let target: Target
}

/// Patterns that another route leads to.
public struct IncludedPatterns: Sendable {
    let patterns: [URLPattern]
    let namespace: String?
}

/// A route and its view (Django's `path`).
///
/// The route is written as in Django, without a leading slash: `"users/<int:id>/"` hands the view
/// `request.resolverMatch?.int("id")`. Converters: `str` (the default), `int`, `slug`, `uuid`, `path`.
/// - Parameters:
///   - methods: the only methods that the view answers: others get 405 with the list in `Allow`; nil for all.
///   - name: by which ``URLResolver/reverse(_:_:)`` and `{% url %}` find the route.
///   - csrfExempt: leaves out the CSRF check, for requests that no browser sends (Django's `csrf_exempt`).
public func path(
    _ route: String, _ view: @escaping View, methods: [String]? = nil, name: String? = nil, csrfExempt: Bool = false
) -> URLPattern {
    let methods = methods.map { AllowedMethods($0) }
    return URLPattern(route: route, target: .view(view, methods: methods, name: name, csrfExempt: csrfExempt))
}

/// A route that stands before all routes of `included`.
public func path(_ route: String, _ included: IncludedPatterns) -> URLPattern {
    URLPattern(route: route, target: .include(included))
}

/// Patterns to be put behind a route (Django's `include`).
/// - Parameter namespace: stands before their names: `namespace:name`.
public func include(_ patterns: [URLPattern], namespace: String? = nil) -> IncludedPatterns {
    IncludedPatterns(patterns: patterns, namespace: namespace)
}
