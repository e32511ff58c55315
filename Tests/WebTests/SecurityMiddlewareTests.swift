import Testing

@testable import Web

@Suite struct SecurityMiddlewareTests {
    private func respond(
        _ parameters: [(String, String)] = [], _ change: (inout SecuritySettings) -> Void = { _ in },
        view: @escaping View = { _ in Response() }
    ) async throws -> Response {
        var settings = SecuritySettings()
        change(&settings)
        let resolver = try URLResolver([path("<path:any>", view), path("", view)])
        return await Application(resolver, middleware: [try SecurityMiddleware(settings)]).respond(
            to: Request(parameters))
    }

    @Test func `every response has Django's security headers and the content security policy`() async throws {
        for parameters in [[], [("HTTP_HOST", "evil.com")]] {
            let response = try await respond(parameters)
            #expect(response.header("X-Content-Type-Options") == "nosniff")
            #expect(response.header("Referrer-Policy") == "same-origin")
            #expect(response.header("Cross-Origin-Opener-Policy") == "same-origin")
            #expect(response.header("X-Frame-Options") == "DENY")
            #expect(
                response.header("Content-Security-Policy")
                    == "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
                    + "frame-ancestors 'none'")
            #expect(response.header("Strict-Transport-Security") == nil)
        }
    }

    @Test func `a header that the view has set stays`() async throws {
        let response = try await respond(view: { _ in
            var response = Response()
            try response.setHeader("x-frame-options", "SAMEORIGIN")
            return response
        })
        #expect(response.headers.count { $0.isNamed("X-Frame-Options") } == 1)
        #expect(response.header("X-Frame-Options") == "SAMEORIGIN")
    }

    @Test func `a header whose setting is nil is not sent`() async throws {
        let response = try await respond {
            $0.contentTypeNosniff = false
            $0.referrerPolicy = nil
            $0.crossOriginOpenerPolicy = nil
            $0.xFrameOptions = nil
            $0.contentSecurityPolicy = nil
        }
        #expect(response.headers.map(\.name) == ["Content-Type"])
    }

    @Test func `several referrer policies are listed without blanks`() async throws {
        let response = try await respond { $0.referrerPolicy = "no-referrer , same-origin" }
        #expect(response.header("Referrer-Policy") == "no-referrer,same-origin")
    }

    @Test func `strict transport security is for secure requests`() async throws {
        func header(_ https: String, _ subdomains: Bool, _ preload: Bool) async throws -> String? {
            try await respond([("HTTPS", https)]) {
                $0.hstsSeconds = 60
                $0.hstsIncludeSubdomains = subdomains
                $0.hstsPreload = preload
            }.header("Strict-Transport-Security")
        }
        #expect(try await header("", true, true) == nil)
        #expect(try await header("on", false, false) == "max-age=60")
        #expect(try await header("on", true, false) == "max-age=60; includeSubDomains")
        #expect(try await header("on", true, true) == "max-age=60; includeSubDomains; preload")
    }

    @Test func `requests by HTTP are redirected to HTTPS where the setting says so`() async throws {
        let parameters = [("DOCUMENT_URI", "/a b"), ("QUERY_STRING", "x=1"), ("HTTP_HOST", "localhost:80")]
        let response = try await respond(parameters) { $0.sslRedirect = true }
        #expect(response.status == 301)
        #expect(response.header("Location") == "https://localhost:80/a%20b?x=1")
        #expect(response.header("X-Frame-Options") == "DENY")
        let other = try await respond(parameters) {
            $0.sslRedirect = true
            $0.sslHost = "secure.example.com"
        }
        #expect(other.header("Location") == "https://secure.example.com/a%20b?x=1")
        #expect(try await respond(parameters + [("HTTPS", "on")]) { $0.sslRedirect = true }.status == 200)
    }

    @Test func `no request is redirected to a foreign host`() async throws {
        let response = try await respond([("HTTP_HOST", "evil.com")]) { $0.sslRedirect = true }
        #expect(response.status == 400)
        #expect(response.header("Location") == nil)
    }

    @Test(arguments: [("/health/", 200), ("/healthy", 301), ("/", 301)])
    func `exempt paths are not redirected`(path: String, status: Int) async throws {
        let response = try await respond([("DOCUMENT_URI", path)]) {
            $0.sslRedirect = true
            $0.redirectExempt = ["health/"]
        }
        #expect(response.status == status)
    }

    @Test func `a setting that is no header value is an error at start-up`() {
        var settings = SecuritySettings()
        settings.xFrameOptions = "DENY\r\nX: y"
        #expect(throws: BadHeaderError.self) { try SecurityMiddleware(settings) }
    }
}
