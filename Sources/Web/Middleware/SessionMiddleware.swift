import Sessions

/// Gives each request its session, and saves it and hands out its key with the response (Django's `SessionMiddleware`, in
/// its branch order).
public struct SessionMiddleware: Middleware {
    private let engine: SessionEngine
    private let cookies: SessionCookies

    /// - Throws: ``BadHeaderError`` where the settings make no cookie.
    public init(_ engine: SessionEngine) throws(BadHeaderError) {
        self.engine = engine
        cookies = try SessionCookies(engine.settings)
    }

    public func processRequest(_ request: Request) throws -> PendingRequest? {
        let carrier = SessionCarrier(request, engine.settings)
        request.session = engine.session(carrier.key)
        request.isTokenClient = carrier.isToken
        return nil
    }

    public func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
        let (session, settings) = (request.session, engine.settings)
        // The client has a key, but there is no session: the key goes.
        if session.isEmpty {
            let carrier = SessionCarrier(request, settings)
            if carrier.key != nil {
                try carrier.forget(&response, cookies)
                return nil
            }
        }
        if session.accessed { cookies.vary(&response) }
        let isToBeSaved = session.modified || session.isToBeRenewed || settings.saveEveryRequest
        guard isToBeSaved, !session.isEmpty else { return nil }
        // What failed is not saved, and the key that the client has stays.
        guard response.status < 500 else { return nil }
        return { response in try await save(request, &response) }
    }

    private func save(_ request: Request, _ response: inout Response) async throws {
        let (session, settings) = (request.session, engine.settings)
        let carrier = SessionCarrier(request, settings)
        let lifetime = SessionLifetime(age: try await session.cookieAge(), now: engine.now)
        // Only now it was loaded, and there is none. Django makes a new one for each such request.
        if session.isEmpty, !settings.djangoCompatible { return try carrier.forget(&response, cookies) }
        do throws(SessionStoreError) {
            guard try await session.save() else { return }
        } catch {
            // Django takes every error of its database at an update for a session that was deleted.
            if case .unavailable = error, session.sessionKey == carrier.key, settings.djangoCompatible {
                throw SessionStoreError.keyGone
            }
            throw error
        }
        try carrier.send(session, lifetime, &response, cookies)
    }
}
