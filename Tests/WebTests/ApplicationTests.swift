import Sessions
import Testing

@testable import Web

@Suite struct ApplicationTests {
    private struct Secret: Error { let password = "hunter2" }

    private struct Layer: Middleware {
        let name: String
        func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
            try response.setHeader("X-Way", (response.header("X-Way") ?? "\(response.status)") + name)
            return nil
        }
    }

    private struct Failing: Middleware {
        func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
            { _ in throw HTTPError.serviceUnavailable(retryAfter: 7) }
        }
    }

    private struct Refusing: Middleware {
        func processView(_ request: Request, _ match: ResolverMatch) throws {
            throw HTTPError.forbidden(reason: match.urlName ?? "")
        }
    }

    private func application(
        _ middleware: [any Middleware] = [], errorPage: @escaping Application.ErrorPage = plainErrorPage
    ) throws -> Application {
        let views = [
            path("ok/", { request in Response("ok \(request.resolverMatch?.urlName ?? "")") }, name: "ok"),
            path("error/", { _ in throw Secret() }),
            path("missing/", { _ in throw HTTPError.notFound }),
            path("only/", { _ in Response() }, methods: ["POST"]),
            path("gone/", { _ in throw SessionStoreError.keyGone }),
            path("away/", { _ in throw SessionStoreError.unavailable("no route to host") }),
            path("form/", { request in Response(try request.post()["a"] ?? "") }),
            path("<path:any>/slash/", { _ in Response() }),
        ]
        return Application(try URLResolver(views), middleware: middleware, errorPage: errorPage)
    }

    @Test(
        arguments: [
            ("/ok/", 200), ("/nothing/", 404), ("/missing/", 404), ("/error/", 500), ("/only/", 405), ("/gone/", 400),
            ("/away/", 503),
        ])
    func `an error becomes a page with its status`(path: String, status: Int) async throws {
        let response = try await application().respond(to: Request([("DOCUMENT_URI", path)]))
        #expect(response.status == status)
    }

    @Test func `a request that was refused before it was read gets its error, whatever is left of it`() async throws {
        let request = Request(meta: Meta(), refusal: .headersTooLarge)
        #expect(try await application().respond(to: request).status == 431)
    }

    @Test func `the headers of an error are set whatever its page looks like`() async throws {
        let application = try application { _, _ in Response("custom") }
        let notAllowed = await application.respond(to: Request([("DOCUMENT_URI", "/only/")]))
        #expect(notAllowed.status == 405)
        #expect(notAllowed.bodyText == "custom")
        #expect(notAllowed.header("Allow") == "POST, OPTIONS")
        #expect(await application.respond(to: Request([("DOCUMENT_URI", "/away/")])).header("Retry-After") == "5")
    }

    @Test func `a page of an error says nothing of its cause`() async throws {
        let response = try await application().respond(to: Request([("DOCUMENT_URI", "/error/")]))
        #expect(!response.bodyText.contains("hunter2"))
        #expect(!response.bodyText.contains("Secret"))
    }

    @Test func `a response goes through the layers from the last to the first, error pages too`() async throws {
        let application = try application([Layer(name: "a"), Layer(name: "b")])
        #expect(await application.respond(to: Request([("DOCUMENT_URI", "/ok/")])).header("X-Way") == "200ba")
        #expect(await application.respond(to: Request([("DOCUMENT_URI", "/error/")])).header("X-Way") == "500ba")
        #expect(await application.respond(to: Request([("HTTP_HOST", "evil.com")])).header("X-Way") == "400ba")
    }

    @Test func `an error of a layer becomes a page for the layers outside it`() async throws {
        let application = try application([Layer(name: "a"), Failing(), Layer(name: "b")])
        let response = await application.respond(to: Request([("DOCUMENT_URI", "/ok/")]))
        #expect(response.header("X-Way") == "503a")
        #expect(response.header("Retry-After") == "7")
    }

    @Test func `a layer may refuse once the view is known, and not before`() async throws {
        let application = try application([Refusing()]) { error, _ in Response(error.reason ?? "") }
        #expect(await application.respond(to: Request([("DOCUMENT_URI", "/ok/")])).bodyText == "ok")
        #expect(await application.respond(to: Request([("DOCUMENT_URI", "/nothing/")])).status == 404)
    }

    @Test(
        arguments: [
            ("/ok", "a=1&b=%20", "/ok/?a=1&b=%20"), ("/x y/slash", "", "/x%20y/slash/"),
            ("//evil.com/slash", "", "/%2Fevil.com/slash/"), ("/a\rb/slash", "", "/a%0Db/slash/"),
        ])
    func `a path that only lacks its slash is redirected`(path: String, query: String, location: String) async throws {
        for method in ["GET", "POST"] {
            let response = try await application().respond(
                to: Request([("DOCUMENT_URI", path), ("QUERY_STRING", query), ("REQUEST_METHOD", method)]))
            #expect(response.status == 301)
            #expect(response.header("Location") == location)
        }
    }

    @Test func `a path that leads nowhere with a slash either is not redirected`() async throws {
        #expect(try await application().respond(to: Request([("DOCUMENT_URI", "/nothing")])).status == 404)
    }

    @Test func `a foreign host is refused on every path`() async throws {
        for path in ["/ok/", "/ok", "/nothing/"] {
            let request = Request([("DOCUMENT_URI", path), ("HTTP_HOST", "evil.com")])
            #expect(try await application().respond(to: request).status == 400)
        }
    }

    @Test func `a body past its limit is 413 where it is read, and nowhere else`() async throws {
        func status(_ path: String) async throws -> Int {
            var meta = Request.post(path, "").meta
            meta.append("X", "")
            return try await application().respond(to: Request(meta: meta, body: .failure(.contentTooLarge))).status
        }
        #expect(try await status("/form/") == 413)
        #expect(try await status("/ok/") == 200)
    }

    @Test func `a request without any parameters gets an answer`() async throws {
        #expect(try await application().respond(to: Request(meta: Meta())).status == 400)
    }
}
