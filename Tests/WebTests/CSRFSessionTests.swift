import DatabaseSessions
import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing

@testable import Web

/// `CSRF_USE_SESSIONS`: the secret lies in the session.
@Suite struct CSRFSessionTests {
    @EventLoop
    private struct Site {
        let engine: SessionEngine
        let application: Application

        init() async throws {
            var session = SessionSettings()
            session.cookieDomain = ".example.com"
            engine = SessionEngine(
                store: try await TestDatabase().store(), codec: SessionCodec(secretKey: "test-secret-key"),
                settings: session)
            var settings = CSRFSettings()
            settings.useSessions = true
            settings.cookieDomain = ".elsewhere.com"
            let csrf = try CSRFMiddleware(settings, sessionCookieDomain: session.cookieDomain)
            application = Application(
                try URLResolver(csrfViews), middleware: [try SessionMiddleware(engine), csrf]
            ) { error, _ in Response(error.reason ?? "") }
        }

        func get(_ path: String, _ key: String? = nil) async -> Response {
            await application.respond(to: Request([("DOCUMENT_URI", path)] + cookie(key)))
        }

        func post(_ path: String, _ token: String, _ key: String?, _ parameters: [(String, String)] = []) async
            -> Response
        {
            await application.respond(to: .post(path, "csrfmiddlewaretoken=\(token)", cookie(key) + parameters))
        }

        private func cookie(_ key: String?) -> [(String, String)] {
            key.map { [("HTTP_COOKIE", "sessionid=\($0)")] } ?? []
        }
    }

    @Test func `a form puts the secret into the session and sets no cookie of its own`() async throws {
        try await onLoop {
            let site = try await Site()
            let form = await site.get("/form/")
            #expect(form.cookies.map(\.name) == ["sessionid"])
            let key = try #require(form.cookies.first?.value)
            let secret = try #require(try await site.engine.session(key)["_csrftoken"]?.string)
            #expect(CSRF.tokensMatch(form.bodyText, secret))
            #expect(await site.post("/page/", form.bodyText, key).bodyText == "page")
            // A second form keeps the secret, and the session as it is.
            let second = await site.get("/form/", key)
            #expect(second.cookies.isEmpty && CSRF.tokensMatch(second.bodyText, secret))
        }
    }

    @Test func `a request whose session holds no secret is refused, in Django's words`() async throws {
        try await onLoop {
            let site = try await Site()
            let form = await site.get("/form/")
            let refused = await site.post("/page/", form.bodyText, nil)
            #expect(refused.status == 403 && refused.bodyText == "CSRF cookie not set.")
            let other = try #require(await site.get("/form/").cookies.first?.value)
            let foreign = await site.post("/page/", form.bodyText, other)
            #expect(foreign.bodyText == "CSRF token from POST incorrect.")
            // The cookie of the other way counts for nothing.
            let cookie = ("HTTP_COOKIE", "csrftoken=abcdefghijklmnopqrstuvwxyzABCDEF")
            let planted = await site.post("/page/", "abcdefghijklmnopqrstuvwxyzABCDEF", nil, [cookie])
            #expect(planted.bodyText == "CSRF cookie not set.")
        }
    }

    @Test func `a login rotates the secret in the session`() async throws {
        try await onLoop {
            let site = try await Site()
            let form = await site.get("/form/")
            let key = try #require(form.cookies.first?.value)
            let login = await site.post("/login/", form.bodyText, key)
            #expect(login.status == 200)
            #expect(await site.post("/page/", form.bodyText, key).status == 403)
            #expect(await site.post("/page/", login.bodyText, key).status == 200)
        }
    }

    @Test func `a secret in the form before Django 4, and one that is none`() async throws {
        try await onLoop {
            let site = try await Site()
            let secret = CSRF.newSecret()
            let session = site.engine.session(nil)
            try await session.set("_csrftoken", to: .string(JSONString(CSRF.mask(secret))))
            try await session.save()
            #expect(await site.post("/page/", secret, session.sessionKey).status == 200)
            try await session.set("_csrftoken", to: "<script>")
            try await session.save()
            #expect(await site.post("/page/", secret, session.sessionKey).status == 403)
            #expect(await site.get("/form/", session.sessionKey).bodyText.utf8.count == 64)
        }
    }

    @Test func `the Referer may be on the session cookie's domain`() async throws {
        try await onLoop {
            let site = try await Site()
            let form = await site.get("/form/")
            let key = try #require(form.cookies.first?.value)
            for (referer, status) in [("https://a.example.com/", 200), ("https://a.elsewhere.com/", 403)] {
                let parameters = [("HTTPS", "on"), ("HTTP_REFERER", referer), ("SERVER_PORT", "443")]
                #expect(await site.post("/page/", form.bodyText, key, parameters).status == status)
            }
        }
    }
}
