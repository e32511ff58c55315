/// A layer that is a view: it answers its path, or every path, before the layers behind it see the request.
///
/// For such a request they do nothing: no session is saved, no cookie is set, no host is checked.
public struct EarlyView: Middleware {
    private let path: String?
    private let methods: AllowedMethods?
    private let view: (Request) async throws -> Response

    /// - Parameters:
    ///   - path: with its leading slash; nil for every path.
    ///   - methods: the only methods that the view answers; nil for all.
    public init(
        _ path: String? = nil, _ view: @escaping (Request) async throws -> Response, methods: [String]? = nil
    ) {
        self.path = path
        self.methods = methods.map { AllowedMethods($0) }
        self.view = view
    }

    public func processRequest(_ request: Request) throws -> PendingRequest? {
        if let path, !request.path.hasBytes(of: path) { return nil }
        if let refusal = request.refusal { throw refusal }
        if let answer = try methods?.answer(to: request) { return { answer } }
        return { try await view(request) }
    }
}
