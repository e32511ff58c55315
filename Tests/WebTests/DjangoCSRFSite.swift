import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing

@testable import Web

/// Django's test data: a secret and two masked forms of it.
let djangoSecret = "lcccccccX2kcccccccY2jcccccccssIC"
let djangoMasked1 = "1bcdefghij2bcdefghij3bcdefghij4bcdefghij5bcdefghij6bcdefghijABCD"
let djangoMasked2 = "2JgchWvM1tpxT2lfz9aydoXW9yT1DN3NdLiejYxOOlzzV4nhBbYqmqZYbAV3V5Bf"

/// Where the secret lies: Django runs its tests for both.
enum SecretPlace: CaseIterable { case cookie, session }

/// A site as Django's CSRF tests have it, in one of the two ways.
@EventLoop
struct DjangoCSRFSite {
    let place: SecretPlace
    let engine: SessionEngine
    let middleware: [any Middleware]
    let web: WebSettings
    private let resolver: URLResolver

    /// - Parameters:
    ///   - domain: of the cookie that the secret depends on.
    ///   - change: what is set beside.
    init(
        _ place: SecretPlace, hosts: [String] = [], domain: String? = nil, layersWithin: [any Middleware] = [],
        _ change: (inout CSRFSettings) -> Void = { _ in }
    ) throws {
        self.place = place
        var session = SessionSettings()
        session.cookieDomain = place == .session ? domain : nil
        engine = SessionEngine(store: MemoryStore(), codec: testCodec(), settings: session)
        var csrf = CSRFSettings()
        csrf.useSessions = place == .session
        csrf.cookieDomain = place == .cookie ? domain : nil
        change(&csrf)
        var web = WebSettings()
        web.allowedHosts = hosts
        web.useXForwardedPort = true
        self.web = web
        let outer = try CSRFMiddleware(csrf, sessionCookieDomain: session.cookieDomain)
        middleware = [try SessionMiddleware(engine), outer] + layersWithin
        resolver = try URLResolver(
            csrfViews + [path("exempt/", { request in Response(getToken(request)) }, csrfExempt: true)])
    }

    func request(
        _ method: String = "POST", _ path: String = "/page/", secret: String? = djangoMasked1, token: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> Request {
        var cookie = secret.map { "csrftoken=\($0)" }
        if place == .session, let secret {
            let session = engine.session(nil)
            try await session.set("_csrftoken", to: .string(JSONString(secret)))
            try await session.save()
            cookie = try "sessionid=\(#require(session.sessionKey))"
        }
        return Request(
            [
                ("REQUEST_METHOD", method), ("DOCUMENT_URI", path),
                ("CONTENT_TYPE", "application/x-www-form-urlencoded"),
            ] + (cookie.map { [("HTTP_COOKIE", $0)] } ?? []) + headers,
            body: Array((token.map { "csrfmiddlewaretoken=\($0)" } ?? "").utf8), settings: web)
    }

    /// What the middleware alone has against a request, as Django's tests ask it; nil for nothing.
    func reason(_ request: Request) async throws -> String? {
        for layer in middleware { _ = try await layer.processRequest(request)?() }
        let match = try #require(resolver.resolve(request.path))
        do {
            for layer in middleware { try layer.processView(request, match) }
            return nil
        } catch {
            return try #require((error as? HTTPError)?.reason)
        }
    }

    /// The same for a form with the right token.
    func reason(headers: [(String, String)]) async throws -> String? {
        try await reason(request(token: djangoMasked2, headers: headers))
    }

    func respond(to request: Request) async -> Response {
        let application = Application(resolver, middleware: middleware, settings: web) { error, request in
            error == .notFound ? Response(getToken(request)) : Response(error.reason ?? "")
        }
        return await application.respond(to: request)
    }

    /// The secret that a response leaves with the browser; nil where it sets none.
    func secret(_ request: Request, _ response: Response) async throws -> String? {
        switch place {
        case .cookie: response.cookies.last { $0.name == "csrftoken" }?.value
        case .session: try await request.session["_csrftoken"]?.string
        }
    }
}
