/// A layer that is a view: it answers its path, or every path, before the layers behind it see the request.
///
/// For such a request they do nothing: no session is saved, no cookie is set, no host is checked.
public struct EarlyView: Middleware {
    private let path: String?
    private let methods: AllowedMethods?
    private let metrics: ViewMetrics
    private let view: (Request) async throws -> Response

    /// - Parameters:
    ///   - path: with its leading slash; nil for every path.
    ///   - methods: the only methods that the view answers; nil for all.
    ///   - name: by which its requests are counted.
    public init(
        _ path: String? = nil, _ view: @escaping (Request) async throws -> Response, methods: [String]? = nil,
        name: String
    ) {
        self.path = path
        metrics = ViewMetrics(name)
        self.methods = methods.map { AllowedMethods($0) }
        self.view = view
    }

    public func processRequest(_ request: Request) throws -> PendingRequest? {
        if let path, !request.path.hasBytes(of: path) { return nil }
        request.viewMetrics = metrics
        if let refusal = request.refusal { throw refusal }
        if let answer = try methods?.answer(to: request) { return { answer } }
        return { try await view(request) }
    }
}
