import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing

@testable import Web

/// Django's `SessionMiddlewareTests`, by its names, on a real database.
@Suite("Django's tests of the session middleware")
struct DjangoSessionMiddlewareTests {
    /// Runs a request through the middleware and gives the session, the response and its cookie's text.
    @EventLoop
    private static func respond(
        _ engine: SessionEngine, cookie: String? = nil, _ view: @escaping (Request) async throws -> Response
    ) async throws -> (session: Session, response: Response, cookie: String?) {
        let request = Request(cookie.map { [("HTTP_COOKIE", "sessionid=\($0)")] } ?? [])
        let response = try await SessionMiddleware(engine).respond(to: request, view)
        return (request.session, response, response.cookies.first?.text)
    }

    private static func touching(_ request: Request) async throws -> Response {
        try await request.session.set("hello", to: "world")
        return Response("Session test")
    }

    private static func ending(_ request: Request) async throws -> Response {
        try await request.session.flush()
        return Response("Session test")
    }

    @Test("secure session cookie")
    func secureSessionCookie() async throws {
        try await TestEngine.database.run(changing: { $0.cookieSecure = true }) { engine in
            let (_, response, cookie) = try await Self.respond(engine, Self.touching)
            #expect(try #require(cookie).contains("; Secure"))
            #expect(response.header("Vary") == "Cookie")
        }
    }

    @Test("httponly session cookie")
    func httpOnlySessionCookie() async throws {
        try await TestEngine.database.run { engine in
            let cookie = try await Self.respond(engine, Self.touching).cookie
            #expect(try #require(cookie).contains("; HttpOnly"))
        }
    }

    @Test("samesite session cookie")
    func sameSiteSessionCookie() async throws {
        try await TestEngine.database.run(changing: { $0.cookieSameSite = .strict }) { engine in
            let cookie = try await Self.respond(engine, Self.touching).cookie
            #expect(try #require(cookie).contains("; SameSite=Strict"))
        }
    }

    @Test("no httponly session cookie")
    func noHTTPOnlySessionCookie() async throws {
        try await TestEngine.database.run(changing: { $0.cookieHTTPOnly = false }) { engine in
            let cookie = try await Self.respond(engine, Self.touching).cookie
            #expect(try !#require(cookie).contains("HttpOnly"))
        }
    }

    @Test("session save on 500, session save on 5xx", arguments: [500, 503])
    func sessionSaveOn5xx(status: Int) async throws {
        try await TestEngine.database.run { engine in
            let (session, response, cookie) = try await Self.respond(engine) { request in
                try await request.session.set("hello", to: "world")
                return Response("Horrible error", status: status)
            }
            #expect(response.status == status && cookie == nil)
            #expect(try await session.load()["hello"] == nil)
        }
    }

    @Test("session update error redirect")
    func sessionUpdateErrorRedirect() async throws {
        try await TestEngine.database.run { engine in
            let error = await #expect(throws: SessionStoreError.self) {
                _ = try await Self.respond(engine) { request in
                    try await request.session.save(mustCreate: true)
                    try await request.session.delete()
                    return Response("")
                }
            }
            let reason =
                "The request's session was deleted before the request completed. "
                + "The user may have logged out in a concurrent request, for example."
            #expect(error?.httpError == .badRequest(reason))
        }
    }

    @Test("session delete on end")
    func sessionDeleteOnEnd() async throws {
        try await TestEngine.database.run { engine in
            let (_, response, cookie) = try await Self.respond(engine, cookie: "abc", Self.ending)
            #expect(
                cookie == "sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax")
            #expect(response.header("Vary") == "Cookie")
        }
    }

    @Test("session delete on end with custom domain and path")
    func sessionDeleteOnEndWithCustomDomainAndPath() async throws {
        try await TestEngine.database.run(changing: {
            $0.cookieDomain = ".example.local"
            $0.cookiePath = "/example/"
        }) { engine in
            let (_, response, cookie) = try await Self.respond(engine, cookie: "abc", Self.ending)
            #expect(
                cookie
                    == "sessionid=\"\"; Domain=.example.local; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; "
                    + "Path=/example/; SameSite=Lax")
            #expect(response.header("Vary") == "Cookie")
        }
    }

    @Test("flush empty without session cookie doesnt set cookie")
    func flushEmptyWithoutSessionCookieDoesntSetCookie() async throws {
        try await TestEngine.database.run { engine in
            let (_, response, cookie) = try await Self.respond(engine, Self.ending)
            #expect(cookie == nil)
            #expect(response.header("Vary") == "Cookie")
        }
    }

    @Test("save every request with non empty session renews session cookie")
    func saveEveryRequestWithNonEmptySessionRenewsSessionCookie() async throws {
        try await TestEngine.database.run(changing: { $0.saveEveryRequest = true }) { engine in
            let (session, _, _) = try await Self.respond(engine, Self.touching)
            #expect(!session.isEmpty)
            #expect(try await session["hello"] == "world")
            let key = try #require(session.sessionKey)
            let (_, response, cookie) = try await Self.respond(engine, cookie: key) { _ in Response("Session test") }
            #expect(try #require(cookie).hasPrefix("sessionid=\(key); expires="))
            #expect(response.header("Vary") == "Cookie")
        }
    }

    @Test("empty session saved")
    func emptySessionSaved() async throws {
        try await TestEngine.database.run { engine in
            let first = try await Self.respond(engine) { request in
                try await request.session.set("foo", to: "bar")
                return Response("Session test")
            }
            #expect(try await first.session.items() == ["foo": "bar"])
            let key = try #require(first.session.sessionKey)
            #expect(try #require(first.cookie).hasPrefix("sessionid=\(key)"))
            #expect(first.response.header("Vary") == "Cookie")

            // Emptied, not flushed: the key stays, and so does the cookie.
            let second = try await Self.respond(engine, cookie: key) { request in
                try await request.session.pop("foo")
                return Response("Session test")
            }
            #expect(try await second.session.values() == [])
            #expect(try await engine.session(key).load() == [:])
            #expect(second.session.sessionKey == key)
            #expect(try #require(second.cookie).hasPrefix("sessionid=\(key)"))
            #expect(second.response.header("Vary") == "Cookie")
        }
    }
}
