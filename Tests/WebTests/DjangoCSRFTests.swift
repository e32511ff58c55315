import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing

@testable import Web

/// Django's `CsrfViewMiddlewareTestMixin` and those of its two classes that are about tokens, by their names.
@Suite("Django's tests of the CSRF middleware: tokens")
struct DjangoCSRFTests {
    @Test("process response get token not used", arguments: SecretPlace.allCases)
    func tokenNotUsed(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            let request = try await site.request("GET", secret: nil)
            let response = await site.respond(to: request)
            #expect(response.cookies.isEmpty)
            #expect(try await site.secret(request, response) == nil)
        }
    }

    @Test("no csrf cookie, put and delete rejected", arguments: SecretPlace.allCases)
    func noCookie(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            for method in ["POST", "PUT", "DELETE"] {
                let request = try await site.request(method, secret: nil, token: djangoMasked2)
                #expect(try await site.reason(request) == "CSRF cookie not set.")
                #expect(await site.respond(to: request).status == 403)
            }
        }
    }

    @Test("csrf cookie bad or missing token", arguments: SecretPlace.allCases)
    func badToken(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            let (short, odd, wrong) = (text("a", 16), text("*", 64), text("a", 64))
            for (token, header, reason) in [
                (nil, nil, "CSRF token missing."), (short, nil, "CSRF token from POST has incorrect length."),
                (odd, nil, "CSRF token from POST has invalid characters."),
                (wrong, nil, "CSRF token from POST incorrect."),
                (nil, short, "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."),
                (nil, odd, "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters."),
                (nil, wrong, "CSRF token from the 'X-Csrftoken' HTTP header incorrect."),
            ] as [(String?, String?, String)] {
                let headers = header.map { [("HTTP_X_CSRFTOKEN", $0)] } ?? []
                #expect(try await site.reason(site.request(token: token, headers: headers)) == reason)
            }
        }
    }

    @Test(
        "csrf cookie bad token custom header, csrf token in header with customized name",
        arguments: SecretPlace.allCases)
    func customHeader(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place) { $0.headerName = "HTTP_X_CSRFTOKEN_CUSTOMIZED" }
            @EventLoop func reason(_ token: String) async throws -> String? {
                try await site.reason(site.request(headers: [("HTTP_X_CSRFTOKEN_CUSTOMIZED", token)]))
            }
            #expect(
                try await reason(text("a", 16))
                    == "CSRF token from the 'X-Csrftoken-Customized' HTTP header has incorrect length.")
            #expect(try await reason(djangoMasked2) == nil)
        }
    }

    @Test("process request csrf cookie and token, csrf token in header", arguments: SecretPlace.allCases)
    func rightToken(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            #expect(try await site.reason(site.request(token: djangoMasked2)) == nil)
            #expect(try await site.reason(site.request(headers: [("HTTP_X_CSRFTOKEN", djangoMasked2)])) == nil)
        }
    }

    @Test(
        "process request csrf cookie no token exempt view, get token for exempt view", arguments: SecretPlace.allCases)
    func exemptView(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            let request = try await site.request("POST", "/exempt/")
            let response = await site.respond(to: request)
            #expect(response.status == 200)
            #expect(CSRF.unmask(response.bodyText) == djangoSecret)
        }
    }

    @Test("put and delete allowed", arguments: SecretPlace.allCases)
    func putAndDelete(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            for method in ["PUT", "DELETE"] {
                let request = try await site.request(method, headers: [("HTTP_X_CSRFTOKEN", djangoMasked2)])
                #expect(try await site.reason(request) == nil)
            }
        }
    }

    /// Makes a new secret after the layers within have answered.
    private struct Rotating: Middleware {
        func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
            rotateToken(request)
            return nil
        }
    }

    @Test("rotate token triggers second reset", arguments: SecretPlace.allCases)
    func secondReset(place: SecretPlace) async throws {
        try await onLoop {
            var csrf = CSRFSettings()
            csrf.useSessions = place == .session
            let site = try DjangoCSRFSite(place, layersWithin: [Rotating(), try CSRFMiddleware(csrf)])
            let request = try await site.request("POST", "/form/", token: djangoMasked2)
            let response = await site.respond(to: request)
            let secret = try #require(try await site.secret(request, response))
            #expect(response.status == 200 && CSRF.unmask(response.bodyText) == djangoSecret)
            #expect(secret != djangoSecret && secret.utf8.count == CSRF.secretLength)
        }
    }

    @Test("set cookie called only once")
    func onlyOneCookie() async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(.cookie, layersWithin: [try CSRFMiddleware()])
            let response = await site.respond(to: try await site.request("POST", "/form/", token: djangoMasked2))
            #expect(response.cookies.map(\.value) == [djangoSecret])
        }
    }

    @Test(
        "token node no csrf cookie, token node empty csrf cookie, token node with new csrf cookie",
        arguments: SecretPlace.allCases)
    func newToken(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            for secret in [nil, ""] {
                let request = try await site.request("GET", "/form/", secret: secret)
                let response = await site.respond(to: request)
                let made = try #require(try await site.secret(request, response))
                #expect(CSRF.unmask(response.bodyText) == made && made.utf8.count == CSRF.secretLength)
            }
        }
    }

    @Test(
        "token node with csrf cookie, cookie not reset on accepted request, masked secret accepted and replaced",
        arguments: SecretPlace.allCases)
    func presentSecret(place: SecretPlace) async throws {
        try await Self.keeps(djangoMasked1, place)
    }

    @Test("bare secret accepted and not replaced", arguments: SecretPlace.allCases)
    func bareSecret(place: SecretPlace) async throws {
        try await Self.keeps(djangoSecret, place)
    }

    private static func keeps(_ secret: String, _ place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            let request = try await site.request("POST", "/form/", secret: secret, token: djangoMasked2)
            let response = await site.respond(to: request)
            #expect(CSRF.unmask(response.bodyText) == djangoSecret)
            #expect(try await site.secret(request, response) == djangoSecret)
        }
    }

    @Test("ensures csrf cookie with middleware, process response get token used", arguments: SecretPlace.allCases)
    func tokenUsed(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            let request = try await site.request("GET", "/form/", secret: nil)
            let response = await site.respond(to: request)
            #expect(try await site.secret(request, response) != nil)
            #expect(response.header("Vary") == "Cookie")
        }
    }

    @Test("session modify")
    func sessionIsNotSavedAgain() async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(.session)
            let request = try await site.request("GET", "/form/", secret: djangoSecret)
            #expect(await site.respond(to: request).cookies.isEmpty)
            #expect(!request.session.modified)
        }
    }

    @Test("csrf cookie age, csrf cookie age none, csrf cookie samesite")
    func cookieAttributes() async throws {
        try await onLoop {
            @EventLoop func cookie(_ change: (inout CSRFSettings) -> Void) async throws -> String {
                let site = try DjangoCSRFSite(.cookie) {
                    $0.cookieName = "csrfcookie"
                    $0.cookieDomain = ".example.com"
                    $0.cookiePath = "/test/"
                    $0.cookieSecure = true
                    $0.cookieHTTPOnly = true
                    change(&$0)
                }
                let response = await site.respond(to: try await site.request("GET", "/form/", secret: nil))
                return try #require(response.cookies.first).text
            }
            let aged = try await cookie { $0.cookieAge = 123 }
            let unaged = try await cookie { $0.cookieAge = nil }
            let strict = try await cookie { $0.cookieSameSite = .strict }
            #expect(aged.contains("; Max-Age=123;") && !unaged.contains("Max-Age"))
            #expect(strict.hasSuffix("; SameSite=Strict; Secure"))
        }
    }

    @Test("bad csrf cookie characters, bad csrf cookie length")
    func badCookie() async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(.cookie)
            for (secret, reason) in [
                (text("*", 64), "CSRF cookie has invalid characters."),
                (text("a", 16), "CSRF cookie has incorrect length."),
            ] {
                #expect(try await site.reason(site.request(secret: secret, token: djangoMasked2)) == reason)
            }
        }
    }

    @Test("process view token too long, process view token invalid chars, invalid cookie replaced on GET")
    func invalidCookieIsReplaced() async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(.cookie)
            let odd = "!@#" + djangoMasked2.dropLast(3)
            for cookie in [text("x", 100_000), odd, "badvalue"] {
                for path in ["/form/", "/page/"] {
                    let request = try await site.request("GET", path, secret: cookie)
                    let secret = try await site.secret(request, await site.respond(to: request))
                    #expect(secret?.utf8.count == CSRF.secretLength && secret != cookie)
                }
            }
        }
    }

    @Test("valid secret not replaced on GET", arguments: [djangoSecret, djangoMasked1])
    func validCookieIsKept(secret: String) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(.cookie)
            let response = await site.respond(to: try await site.request("GET", secret: secret))
            #expect(response.status == 200 && response.cookies.isEmpty)
        }
    }

    @Test("masked unmasked combinations", arguments: SecretPlace.allCases)
    func combinations(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            for secret in [djangoSecret, djangoMasked1] {
                for token in [djangoSecret, djangoMasked2] {
                    #expect(try await site.reason(site.request(secret: secret, token: token)) == nil)
                    let header = [("HTTP_X_CSRFTOKEN", token)]
                    #expect(try await site.reason(site.request(secret: secret, headers: header)) == nil)
                }
            }
        }
    }

    @Test("csrf token on 404 stays constant")
    func errorPage() async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(.cookie)
            let first = await site.respond(to: try await site.request("GET", "/does not exist/", secret: nil))
            let secret = try #require(first.cookies.first?.value)
            let second = await site.respond(to: try await site.request("GET", "/does not exist/", secret: secret))
            #expect(first.status == 404 && second.status == 404 && first.bodyText != second.bodyText)
            #expect(CSRF.unmask(first.bodyText) == secret && CSRF.unmask(second.bodyText) == secret)
        }
    }

    @Test("force token to string")
    func tokenInATemplate() throws {
        var settings = WebSettings()
        settings.templates = try TemplateLibrary(
            sources: ["token.html": "{{ csrf_token }}"], url: { _, _ in nil }, file: { $0 })
        let request = Request([("HTTP_COOKIE", "csrftoken=\(djangoSecret)")], settings: settings)
        _ = try CSRFMiddleware().processRequest(request)
        #expect(CSRF.unmask(try render(request, "token.html").bodyText) == djangoSecret)
    }

    @Test("get token csrf cookie set, get token csrf cookie not set, rotate token")
    func functions() throws {
        let request = Request([("HTTP_COOKIE", "csrftoken=\(djangoSecret)")])
        _ = try CSRFMiddleware().processRequest(request)
        #expect(!request.csrf.needsUpdate)
        #expect(CSRF.unmask(getToken(request)) == djangoSecret)
        #expect(request.csrf.secret == djangoSecret && request.csrf.needsUpdate)
        rotateToken(request)
        #expect(request.csrf.secret != djangoSecret && request.csrf.secret?.utf8.count == CSRF.secretLength)
        let other = Request()
        let token = getToken(other)
        #expect(CSRF.unmask(token) == other.csrf.secret && other.csrf.needsUpdate)
    }
}

/// Django's `CsrfFunctionTests`, by their names.
@Suite("Django's tests of CSRF tokens")
struct DjangoCSRFTokenTests {
    @Test("unmask cipher token")
    func unmask() {
        let zero = "vFioG3XOLyGyGsPRFyB9iYUs341ufzIE"
        for (secret, masked) in [
            (djangoSecret, djangoMasked1), (djangoSecret, djangoMasked2), (text("a", 32), zero + zero),
            (text("a", 32), text("a", 64)), (text("a", 32), text("b", 64)),
            (text("b", 32), text("a", 32) + text("b", 32)), (text("b", 32), text("b", 32) + text("c", 32)),
            (text("c", 32), text("a", 32) + text("c", 32)),
        ] {
            #expect(CSRF.unmask(masked) == secret)
        }
    }

    @Test("mask cipher secret", arguments: [text("a", 32), djangoSecret, "da4SrUiHJYoJ0HYQ0vcgisoIuFOxx4ER"])
    func mask(secret: String) throws {
        let masked = CSRF.mask(secret)
        try CSRF.validate(masked)
        #expect(masked.utf8.count == CSRF.tokenLength && CSRF.unmask(masked) == secret)
    }

    @Test("check token format valid, check token format invalid")
    func format() throws {
        for token in [djangoSecret, djangoMasked1, text("a", 64)] { try CSRF.validate(token) }
        #expect(throws: CSRF.FormatError.invalidCharacters) { try CSRF.validate(text("*", 64)) }
        #expect(throws: CSRF.FormatError.incorrectLength) { try CSRF.validate(text("a", 16)) }
    }

    @Test("does token match, does token match wrong token length")
    func match() throws {
        let unmasked = try #require(CSRF.unmask(text("a", 64)))
        for (token, secret, matches) in [
            (djangoMasked1, djangoSecret, true), (djangoMasked2, djangoSecret, true), (text("a", 64), unmasked, true),
            (djangoSecret, djangoSecret, true), (text("a", 32), text("a", 32), true),
            (text("a", 32), djangoSecret, false), (text("a", 64), djangoSecret, false),
            (text("a", 16), djangoSecret, false),
        ] {
            #expect(CSRF.tokensMatch(token, secret) == matches)
        }
    }
}

private func text(_ character: Character, _ count: Int) -> String { String(repeating: character, count: count) }
