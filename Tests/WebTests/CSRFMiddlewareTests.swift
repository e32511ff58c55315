import DjangoFormat
import Testing

@testable import Web

@Suite struct CSRFMiddlewareTests {
    private let secret = "abcdefghijklmnopqrstuvwxyzABCDEF"

    private func respond(to request: Request, _ change: (inout CSRFSettings) -> Void = { _ in }) async throws
        -> Response
    {
        var settings = CSRFSettings()
        change(&settings)
        let views = [
            path("hook/", { _ in Response("hook") }, csrfExempt: true),
            path("only/", { _ in Response() }, methods: ["GET"]),
        ]
        let application = Application(
            try URLResolver(csrfViews + views), middleware: [try CSRFMiddleware(settings)]
        ) { error, _ in
            Response(error.reason ?? "")
        }
        return await application.respond(to: request)
    }

    private func post(
        token: String? = nil, cookie: String? = nil, path: String = "/page/", _ parameters: [(String, String)] = []
    ) -> Request {
        .post(
            path, token.map { "csrfmiddlewaretoken=\($0)" } ?? "",
            parameters + (cookie.map { [("HTTP_COOKIE", "csrftoken=\($0)")] } ?? []))
    }

    /// The reason of the refusal, nil where the view answered.
    private func reason(_ request: Request, _ change: (inout CSRFSettings) -> Void = { _ in }) async throws -> String? {
        let response = try await respond(to: request, change)
        return response.status == 403 ? response.bodyText : nil
    }

    @Test func `a form with the right token is accepted, masked or not, from the form or the header`() async throws {
        for token in [secret, CSRF.mask(secret), CSRF.mask(secret)] {
            #expect(try await reason(post(token: token, cookie: secret)) == nil)
            #expect(try await reason(post(cookie: secret, [("HTTP_X_CSRFTOKEN", token)])) == nil)
            #expect(try await reason(post(token: token, cookie: CSRF.mask(secret))) == nil)
        }
    }

    @Test func `a refusal gives Django's reason`() async throws {
        let other = CSRF.mask(CSRF.newSecret())
        let short = "abc"
        let odd = String(repeating: "-", count: 32)
        for (token, cookie, header, expected) in [
            (secret, nil, nil, "CSRF cookie not set."),
            (secret, short, nil, "CSRF cookie has incorrect length."),
            (secret, "", nil, "CSRF cookie has incorrect length."),
            (secret, odd, nil, "CSRF cookie has invalid characters."),
            (nil, secret, nil, "CSRF token missing."),
            ("", secret, nil, "CSRF token missing."),
            (short, secret, nil, "CSRF token from POST has incorrect length."),
            (odd, secret, nil, "CSRF token from POST has invalid characters."),
            (other, secret, nil, "CSRF token from POST incorrect."),
            (other, secret, secret, "CSRF token from POST incorrect."),
            (nil, secret, "", "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."),
            (nil, secret, odd, "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters."),
            (nil, secret, other, "CSRF token from the 'X-Csrftoken' HTTP header incorrect."),
        ] as [(String?, String?, String?, String)] {
            let header = header.map { [("HTTP_X_CSRFTOKEN", $0)] } ?? []
            #expect(try await reason(post(token: token, cookie: cookie, header)) == expected)
        }
    }

    @Test(arguments: ["GET", "HEAD", "OPTIONS", "TRACE"])
    func `safe methods need no token`(method: String) async throws {
        #expect(try await reason(Request([("REQUEST_METHOD", method), ("DOCUMENT_URI", "/page/")])) == nil)
    }

    @Test(arguments: ["PUT", "DELETE", "PATCH", "ANYTHING"])
    func `other methods need the token in the header`(method: String) async throws {
        func request(_ header: [(String, String)]) -> Request {
            Request(
                [("REQUEST_METHOD", method), ("DOCUMENT_URI", "/page/"), ("HTTP_COOKIE", "csrftoken=\(secret)")]
                    + header,
                body: Array("csrfmiddlewaretoken=\(secret)".utf8))
        }
        #expect(try await reason(request([])) == "CSRF token missing.")
        #expect(try await reason(request([("HTTP_X_CSRFTOKEN", secret)])) == nil)
    }

    @Test func `the check comes after the URL patterns and their methods, and before the view`() async throws {
        #expect(try await respond(to: post(path: "/nothing/")).status == 404)
        #expect(try await respond(to: post(path: "/page")).status == 301)
        #expect(try await respond(to: post(path: "/only/")).status == 405)
        #expect(try await respond(to: post(path: "/hook/")).bodyText == "hook")
    }

    @Test(
        arguments: [
            ("http://localhost", true), ("https://localhost", false), ("http://localhost:80", false), ("null", false),
            ("http://evil.com", false), ("", false), ("https://trusted.com", true), ("http://trusted.com", false),
            ("https://a.sub.com", true), ("https://sub.com", true), ("http://a.sub.com", false),
            ("https://badsub.com", false),
            ("https://a.sub.com:8443", false), ("https://[::1", false), ("https://a.sub.com/", true),
        ])
    func `the Origin must be this site or a trusted one`(origin: String, isAccepted: Bool) async throws {
        let request = post(token: secret, cookie: secret, [("HTTP_ORIGIN", origin)])
        let reason = try await reason(request) { $0.trustedOrigins = ["https://trusted.com", "https://*.sub.com"] }
        #expect(reason == (isAccepted ? nil : "Origin checking failed - \(origin) does not match any trusted origins."))
    }

    @Test(
        arguments: [
            (nil, "no Referer."), ("", "Referer is malformed."), ("localhost", "Referer is malformed."),
            ("/path", "Referer is malformed."), ("https:///x", "Referer is malformed."),
            ("https://[x/", "Referer is malformed."),
            ("http://localhost/", "Referer is insecure while host is secure."), ("https://localhost/x?y", nil),
            ("https://evil.com/", "https://evil.com/ does not match any trusted origins."),
            ("https://localhost.evil.com/", "https://localhost.evil.com/ does not match any trusted origins."),
            ("https://localhost@evil.com/", "https://localhost@evil.com/ does not match any trusted origins."),
            ("https://trusted.com/x", nil), ("HTTPS://a.sub.com/", nil),
        ] as [(String?, String?)])
    func `a secure request without an Origin needs a good Referer`(referer: String?, failure: String?) async throws {
        let header = referer.map { [("HTTP_REFERER", $0)] } ?? []
        let request = post(token: secret, cookie: secret, [("HTTPS", "on")] + header)
        let reason = try await reason(request) { $0.trustedOrigins = ["https://trusted.com", "https://*.sub.com"] }
        #expect(reason == failure.map { "Referer checking failed - \($0)" })
    }

    @Test func `the Referer may be on the cookie's domain, with the server's port`() async throws {
        for (referer, port, isAccepted) in [
            ("https://a.example.com/", "443", true), ("https://example.com/", "443", true),
            ("https://a.example.com:8443/", "8443", true), ("https://a.example.com/", "8443", false),
            ("https://localhost/", "443", false),
        ] {
            let request = post(
                token: secret, cookie: secret, [("HTTPS", "on"), ("HTTP_REFERER", referer), ("SERVER_PORT", port)])
            #expect((try await reason(request) { $0.cookieDomain = ".example.com" } == nil) == isAccepted)
        }
    }

    @Test func `an insecure request needs no Referer`() async throws {
        #expect(try await reason(post(token: secret, cookie: secret)) == nil)
    }

    @Test func `a page without a token sets no cookie and does not vary`() async throws {
        let response = try await respond(
            to: Request([("DOCUMENT_URI", "/page/"), ("HTTP_COOKIE", "csrftoken=\(secret)")]))
        #expect(response.cookies.isEmpty)
        #expect(response.header("Vary") == nil)
    }

    @Test func `a page with a token sets the cookie, keeping the secret that the browser has`() async throws {
        let response = try await respond(
            to: Request([("DOCUMENT_URI", "/form/"), ("HTTP_COOKIE", "csrftoken=\(secret)")]))
        #expect(CSRF.tokensMatch(response.bodyText, secret))
        #expect(response.header("Vary") == "Cookie")
        let text = try #require(response.cookies.first?.text)
        #expect(text.hasPrefix("csrftoken=\(secret); expires="))
        #expect(text.hasSuffix(" GMT; Max-Age=31449600; Path=/; SameSite=Lax"))
    }

    @Test(arguments: [nil, "short", "--------------------------------", ""])
    func `a page with a token makes a new secret where the browser has no good one`(cookie: String?) async throws {
        let cookies = cookie.map { [("HTTP_COOKIE", "csrftoken=\($0)")] } ?? []
        let response = try await respond(to: Request([("DOCUMENT_URI", "/form/")] + cookies))
        let value = try #require(response.cookies.first?.value)
        #expect(value.utf8.count == 32)
        #expect(CSRF.tokensMatch(response.bodyText, value))
    }

    @Test func `a malformed cookie is replaced and never echoed`() async throws {
        let response = try await respond(
            to: Request([("DOCUMENT_URI", "/page/"), ("HTTP_COOKIE", "csrftoken=<script>")]))
        #expect(response.cookies.map(\.value.utf8.count) == [32])
        #expect(!response.text.contains("script"))
    }

    @Test func `a login rotates the secret`() async throws {
        let response = try await respond(
            to: Request([("DOCUMENT_URI", "/login/"), ("HTTP_COOKIE", "csrftoken=\(secret)")]))
        let value = try #require(response.cookies.first?.value)
        #expect(value != secret)
        #expect(CSRF.tokensMatch(response.bodyText, value))
    }

    @Test func `the cookie has the settings' attributes`() async throws {
        let response = try await respond(to: Request([("DOCUMENT_URI", "/form/")])) {
            $0.cookieName = "x"
            $0.cookieAge = nil
            $0.cookieDomain = "e.com"
            $0.cookiePath = "/p"
            $0.cookieSecure = true
            $0.cookieHTTPOnly = true
            $0.cookieSameSite = nil
        }
        let cookie = try #require(response.cookies.first)
        #expect(cookie.text == "x=\(cookie.value); Domain=e.com; HttpOnly; Path=/p; Secure")
    }

    @Test func `a form that cannot be read is 400 or 413, not a failure of the token`() async throws {
        let fields = String(repeating: "a=b&", count: 1001)
        #expect(try await respond(to: .post("/page/", fields, [("HTTP_COOKIE", "csrftoken=\(secret)")])).status == 400)
        let meta = Request.post("/page/", "", [("HTTP_COOKIE", "csrftoken=\(secret)")]).meta
        #expect(try await respond(to: Request(meta: meta, body: .failure(.contentTooLarge))).status == 413)
    }

    @Test func `a trusted origin without a scheme is an error at start-up`() {
        var settings = CSRFSettings()
        settings.trustedOrigins = ["example.com"]
        #expect(throws: ImproperlyConfigured.self) { try CSRFMiddleware(settings) }
    }
}
