/// Finds the view for a path, and the path for a view's name (Django's `URLResolver`).
public struct URLResolver: Sendable {
    private struct Entry: Sendable {
        let route: Route
        let text: String
        let view: View
        let methods: AllowedMethods?
        let name: String?
        let csrfExempt: Bool
        let metrics: ViewMetrics
    }

    private let entries: [Entry]

    /// - Throws: ``ImproperlyConfigured`` where a route is wrong.
    public init(_ urlpatterns: [URLPattern]) throws(ImproperlyConfigured) {
        entries = try Self.flattened(urlpatterns, route: "", namespace: "")
    }

    private static func flattened(
        _ patterns: [URLPattern], route: String, namespace: String
    ) throws(ImproperlyConfigured) -> [Entry] {
        var entries: [Entry] = []
        for pattern in patterns {
            let route = route + pattern.route
            switch pattern.target {
            case .view(let view, let methods, let name, let csrfExempt):
                entries.append(
                    Entry(
                        route: try Route(route), text: route, view: view, methods: methods,
                        name: name.map { namespace + $0 }, csrfExempt: csrfExempt,
                        metrics: ViewMetrics(name.map { namespace + $0 } ?? route)))
            case .include(let included):
                let namespace = included.namespace.map { namespace + $0 + ":" } ?? namespace
                entries += try flattened(included.patterns, route: route, namespace: namespace)
            }
        }
        return entries
    }

    /// The first pattern that has the form of the path (Django's `resolve`), nil where none has (`Resolver404`).
    /// - Parameter path: decoded, with its leading slash.
    public func resolve(_ path: String) -> ResolverMatch? {
        let bytes = Array(path.utf8)[...]
        guard bytes.first == UInt8(ascii: "/") else { return nil }
        for index in entries.indices where entries[index].route.canMatch(bytes.dropFirst()) {
            let entry = entries[index]
            guard let arguments = entry.route.match(bytes.dropFirst()) else { continue }
            return ResolverMatch(
                view: entry.view, methods: entry.methods, urlName: entry.name, route: entry.text,
                csrfExempt: entry.csrfExempt, metrics: entry.metrics,
                kwargs: zip(entry.route.parameterNames, arguments).map { ($0, String(decoding: $1, as: UTF8.self)) })
        }
        return nil
    }

    /// The URL, percent-encoded, of the pattern with that name (Django's `reverse`). Of several the last one that takes the
    /// arguments counts.
    /// - Parameter arguments: the texts of the route's parameters, in their order.
    /// - Throws: ``NoReverseMatch``.
    public func reverse(_ name: String, _ arguments: [String] = []) throws(NoReverseMatch) -> String {
        try reverse(name) { $0.path(with: arguments) }
    }

    /// As ``reverse(_:_:)``, the arguments by the names of the parameters.
    /// - Throws: ``NoReverseMatch``.
    public func reverse(_ name: String, kwargs: [String: String]) throws(NoReverseMatch) -> String {
        try reverse(name) { route in
            let arguments = route.parameterNames.compactMap { kwargs[$0] }
            return arguments.count == kwargs.count ? route.path(with: arguments) : nil
        }
    }

    /// The URL that a setting means: of the pattern with that name, else the text itself, which must look like a URL
    /// (Django's `resolve_url`).
    /// - Throws: ``NoReverseMatch``.
    public func resolveURL(_ target: String) throws(NoReverseMatch) -> String {
        if target.utf8.starts(with: "./".utf8) || target.utf8.starts(with: "../".utf8) { return target }
        do throws(NoReverseMatch) {
            return try reverse(target)
        } catch {
            guard target.utf8.contains(where: { "/.".utf8.contains($0) }) else { throw error }
            return target
        }
    }

    private func reverse(_ name: String, _ path: (Route) -> String?) throws(NoReverseMatch) -> String {
        let candidates = entries.filter { $0.name == name }
        for candidate in candidates.reversed() {
            if let path = path(candidate.route) {
                return escapeLeadingSlashes(quote(("/" + path).utf8, safe: .reversed))
            }
        }
        throw NoReverseMatch(name: name, routes: candidates.map(\.text))
    }
}

/// Where a path led to (Django's `ResolverMatch`).
public struct ResolverMatch: Sendable {
    public let view: View
    let methods: AllowedMethods?
    public let urlName: String?
    public let route: String
    let csrfExempt: Bool
    let metrics: ViewMetrics
    /// The texts of the route's parameters.
    public let kwargs: [(name: String, value: String)]

    /// The text of a parameter.
    public subscript(_ name: String) -> String? { kwargs.first { $0.name == name }?.value }

    /// The number of an `int` parameter; nil also where it is larger than an `Int`.
    public func int(_ name: String) -> Int? { self[name].flatMap { Int($0) } }
}

/// No pattern of that name takes those arguments (Django's exception of that name).
public struct NoReverseMatch: Error, Equatable, CustomStringConvertible {
    public let name: String
    /// The routes that have the name.
    public let routes: [String]

    public var description: String {
        routes.isEmpty
            ? "Reverse for '\(name)' not found. '\(name)' is not a valid view function or pattern name."
            : "Reverse for '\(name)' with these arguments not found. Tried: \(routes.joined(separator: ", "))."
    }
}
