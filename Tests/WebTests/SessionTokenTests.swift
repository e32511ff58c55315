import DatabaseSessions
import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing

@testable import Web

/// Clients without a cookie jar: the session's key in the header `X-Session-Token`.
@Suite struct SessionTokenTests {
    private static let cookie = ("HTTP_COOKIE", "csrftoken=abcdefghijklmnopqrstuvwxyzABCDEF")

    /// An application with a view for each use, all of them behind the session's and the CSRF middleware.
    @EventLoop
    private struct Site {
        let engine: SessionEngine
        let application: Application

        init(tokenHeader: Bool = true, saveEveryRequest: Bool = false) async throws {
            var settings = SessionSettings()
            settings.tokenHeader = tokenHeader
            settings.saveEveryRequest = saveEveryRequest
            engine = SessionEngine(
                store: try await TestDatabase().store(), codec: SessionCodec(secretKey: "test-secret-key"),
                settings: settings)
            let views = [
                path("nothing/", { _ in Response("nothing") }),
                path("read/", { request in Response(try await request.session["a"]?.string ?? "none") }),
                path(
                    "write/",
                    { request in
                        try await request.session.set("a", to: "stored")
                        return Response("written")
                    }),
                path(
                    "logout/",
                    { request in
                        try await request.session.flush()
                        return Response("out")
                    }),
                path("form/", { request in Response(getToken(request)) }),
            ]
            let csrf = try CSRFMiddleware()
            application = Application(
                try URLResolver(views), middleware: [try SessionMiddleware(engine), csrf]
            ) { error, _ in Response(error.reason ?? "") }
        }

        func send(_ method: String, _ path: String, token: String? = nil, _ parameters: [(String, String)] = []) async
            -> Response
        {
            let header = token.map { [("HTTP_X_SESSION_TOKEN", $0)] } ?? []
            let request = Request([("REQUEST_METHOD", method), ("DOCUMENT_URI", path)] + header + parameters)
            return await application.respond(to: request)
        }
    }

    @Test(arguments: ["", "new"]) func `the first write gives a token, which reads, and ends with the session`(
        first: String
    ) async throws {
        try await onLoop {
            let site = try await Site()
            let written = await site.send("POST", "/write/", token: first)
            #expect(written.status == 200 && written.cookies.isEmpty)
            let token = try #require(written.header("X-Session-Token"))
            #expect(token.wholeMatch(of: /[a-z0-9]{32}/) != nil)
            #expect(written.header("Vary") == "Cookie, X-Session-Token")
            #expect(try #require(written.header("Cache-Control")).contains("no-store"))

            let read = await site.send("GET", "/read/", token: token)
            #expect(read.bodyText == "stored" && read.header("X-Session-Token") == nil)
            #expect(read.header("Vary") == "Cookie, X-Session-Token")

            let out = await site.send("POST", "/logout/", token: token)
            #expect(out.header("X-Session-Token") == "" && out.cookies.isEmpty)
            #expect(await site.send("GET", "/read/", token: token).bodyText == "none")
        }
    }

    @Test func `a key that was made up is never adopted, and is given up`() async throws {
        try await onLoop {
            let site = try await Site()
            let unknown = "unknownunknownunknownunknownunkn"
            #expect(await site.send("GET", "/read/", token: unknown).header("X-Session-Token") == "")
            #expect(await site.send("GET", "/nothing/", token: "short").header("X-Session-Token") == "")
            #expect(await site.send("GET", "/nothing/", token: "new").header("X-Session-Token") == nil)
            let token = await site.send("POST", "/write/", token: unknown).header("X-Session-Token")
            #expect(token != nil && token != "" && token != unknown)
        }
    }

    @Test func `the header counts before the cookie, and then no cookie is set`() async throws {
        try await onLoop {
            let site = try await Site()
            let stored = site.engine.session(nil)
            try await stored.set("a", to: "the cookie's")
            try await stored.save()
            let cookie = ("HTTP_COOKIE", "sessionid=\(try #require(stored.sessionKey))")
            #expect(await site.send("GET", "/read/", [cookie]).bodyText == "the cookie's")
            #expect(await site.send("GET", "/read/", token: "", [cookie]).bodyText == "none")
            for path in ["/write/", "/logout/", "/form/", "/read/"] {
                #expect(await site.send("GET", path, token: "new", [cookie]).cookies.isEmpty)
            }
            #expect(await site.send("GET", "/read/", [cookie]).bodyText == "the cookie's")
        }
    }

    @Test func `only the header itself stands in for the CSRF token`() async throws {
        try await onLoop {
            let site = try await Site()
            #expect(await site.send("POST", "/write/").status == 403)
            #expect(await site.send("POST", "/write/", [Self.cookie]).status == 403)
            #expect(await site.send("POST", "/write/", token: "", [Self.cookie]).status == 200)
            #expect(
                await site.send("POST", "/write/", token: "", [("HTTP_ORIGIN", "https://evil.example")]).status == 200)
            let without = try await Site(tokenHeader: false)
            #expect(await without.send("POST", "/write/", token: "").status == 403)
            let written = await without.send("GET", "/write/", token: "")
            #expect(written.header("X-Session-Token") == nil && written.cookies.count == 1)
            #expect(written.header("Vary") == "Cookie")
        }
    }

    @Test func `browsers keep their cookie where the header is allowed`() async throws {
        try await onLoop {
            let site = try await Site()
            let written = await site.send("GET", "/write/")
            #expect(written.cookies.map(\.name) == ["sessionid"] && written.header("X-Session-Token") == nil)
            #expect(written.header("Cache-Control") == nil)
            #expect(written.header("Vary") == "Cookie, X-Session-Token")
        }
    }

    @Test func `a session that every request saves is sent each time, an unknown one is given up`() async throws {
        try await onLoop {
            let site = try await Site(saveEveryRequest: true)
            let token = try #require(await site.send("POST", "/write/", token: "").header("X-Session-Token"))
            #expect(await site.send("GET", "/nothing/", token: token).header("X-Session-Token") == token)
            let unknown = "unknownunknownunknownunknownunkn"
            #expect(await site.send("GET", "/nothing/", token: unknown).header("X-Session-Token") == "")
        }
    }
}
