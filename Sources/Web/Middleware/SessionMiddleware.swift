import Sessions

/// Gives each request its session, and saves it and hands out its key with the response (Django's `SessionMiddleware`, in
/// its branch order).
public struct SessionMiddleware: Middleware {
    private let engine: SessionEngine

    public init(_ engine: SessionEngine) { self.engine = engine }

    public func callAsFunction(
        _ request: Request, _ getResponse: (Request) async -> Response
    ) async throws -> Response {
        let settings = engine.settings
        let carrier = SessionCarrier(request, settings)
        let session = engine.session(carrier.key)
        request.session = session
        request.isTokenClient = carrier.isToken
        var response = await getResponse(request)

        // The client has a key, but there is no session: the key goes.
        if carrier.key != nil, session.isEmpty {
            try carrier.forget(&response, settings)
            return response
        }
        if session.accessed { carrier.vary(&response, settings) }
        guard session.modified || settings.saveEveryRequest, !session.isEmpty else { return response }
        // What failed is not saved, and the key that the client has stays.
        guard response.status < 500 else { return response }
        let lifetime = SessionLifetime(age: try await session.cookieAge(), now: engine.now)
        // Only now it was loaded, and there is none. Django makes a new one for each such request.
        if session.isEmpty, !settings.djangoCompatible {
            try carrier.forget(&response, settings)
            return response
        }
        try await save(session, isUpdate: session.sessionKey == carrier.key)
        try carrier.send(session, lifetime, &response, settings)
        return response
    }

    private func save(_ session: Session, isUpdate: Bool) async throws(SessionStoreError) {
        do throws(SessionStoreError) {
            try await session.save()
        } catch {
            // Django takes every error of its database at an update for a session that was deleted.
            if case .unavailable = error, isUpdate, engine.settings.djangoCompatible { throw .keyGone }
            throw error
        }
    }
}
