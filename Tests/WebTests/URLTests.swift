import Testing

@testable import Web

@Suite struct URLTests {
    private static let view: View = { _ in Response() }

    private func resolver() throws -> URLResolver {
        let app = [
            path("", Self.view, name: "index"),
            path("login/", Self.view, name: "login"),
            path("user/<int:id>/", Self.view, name: "user"),
            path("user/<slug:name>/", Self.view, name: "user-by-name"),
            path("file/<path:file>", Self.view, name: "file"),
            path("two/<a>-<str:b>/", Self.view, name: "two"),
            path("id/<uuid:id>/", Self.view, name: "id"),
            path("pair/<a><b>/", Self.view, name: "pair"),
            path("same/", Self.view, name: "same"),
            path("same/<int:n>/", Self.view, name: "same"),
        ]
        return try URLResolver([path("myapp/", include(app)), path("ns/", include(app, namespace: "ns"))])
    }

    @Test(
        arguments: [
            ("/myapp/", "index", []), ("/myapp/login/", "login", []), ("/myapp/user/12/", "user", ["12"]),
            ("/myapp/user/a-b_C9/", "user-by-name", ["a-b_C9"]), ("/myapp/file/a/b c/é", "file", ["a/b c/é"]),
            ("/myapp/two/x-y-z/", "two", ["x-y", "z"]), ("/myapp/two/é-é/", "two", ["é", "é"]),
            ("/myapp/id/01234567-89ab-cdef-0123-456789abcdef/", "id", ["01234567-89ab-cdef-0123-456789abcdef"]),
            ("/ns/login/", "ns:login", []), ("/myapp/pair/éé/", "pair", ["é", "é"]),
            ("/myapp/two/a\nb-c/", "two", ["a\nb", "c"]),
        ] as [(String, String, [String])])
    func `a path leads to the first pattern that has its form`(path: String, name: String, arguments: [String]) throws {
        let match = try #require(try resolver().resolve(path))
        #expect(match.urlName == name)
        #expect(match.kwargs.map(\.value) == arguments)
    }

    @Test(
        arguments: [
            "", "/", "/myapp", "/myapp/login", "/myapp/login/x", "//myapp/login/", "/MYAPP/login/", "/myapp/user//",
            "/myapp/user/a b/", "/myapp/file/", "/myapp/file/a\nb", "/myapp/two/-/", "/myapp/two/a/b-c/",
            "/myapp/id/01234567-89AB-cdef-0123-456789abcdef/", "/myapp/login/\0", "/myapp/pair/é/",
            "/myapp/user/\u{662}/",
        ])
    func `a path that no pattern has the form of leads nowhere`(path: String) throws {
        #expect(try resolver().resolve(path) == nil)
    }

    @Test func `a number is handed to the view, one that is too large is not`() throws {
        #expect(try resolver().resolve("/myapp/user/0042/")?.int("id") == 42)
        #expect(try resolver().resolve("/myapp/user/99999999999999999999/")?.int("id") == nil)
        #expect(try resolver().resolve("/myapp/user/7/")?["id"] == "7")
        #expect(try resolver().resolve("/myapp/user/7/")?["other"] == nil)
    }

    @Test(
        arguments: [
            ("login", [], "/myapp/login/"), ("user", ["12"], "/myapp/user/12/"), ("ns:login", [], "/ns/login/"),
            ("file", ["a b/é%?#&"], "/myapp/file/a%20b/%C3%A9%25%3F%23&"), ("same", [], "/myapp/same/"),
            ("same", ["3"], "/myapp/same/3/"),
        ] as [(String, [String], String)])
    func `a name leads to its path, percent-encoded`(name: String, arguments: [String], url: String) throws {
        #expect(try resolver().reverse(name, arguments) == url)
    }

    @Test(
        arguments: [
            ("nothing", []), ("user", []), ("user", ["x"]), ("user", ["1", "2"]), ("login", ["1"]), ("file", ["\n"]),
        ]
            as [(String, [String])])
    func `a name without a pattern for the arguments is an error`(name: String, arguments: [String]) throws {
        let resolver = try resolver()
        #expect(throws: NoReverseMatch.self) { try resolver.reverse(name, arguments) }
    }

    @Test func `arguments may be given by name`() throws {
        let resolver = try resolver()
        #expect(try resolver.reverse("two", kwargs: ["b": "2", "a": "1"]) == "/myapp/two/1-2/")
        #expect(throws: NoReverseMatch.self) { try resolver.reverse("two", kwargs: ["a": "1"]) }
        #expect(throws: NoReverseMatch.self) { try resolver.reverse("two", kwargs: ["a": "1", "b": "2", "c": "3"]) }
    }

    @Test func `a reversed path never begins with two slashes`() throws {
        #expect(
            try URLResolver([path("<path:x>", Self.view, name: "any")]).reverse("any", ["/evil.com"]) == "/%2Fevil.com")
    }

    @Test(
        arguments: [
            ("login", "/myapp/login/"), ("ns:login", "/ns/login/"), ("/some/path/", "/some/path/"),
            ("https://example.com", "https://example.com"), ("./login", "./login"), ("../", "../"),
            ("page.html", "page.html"),
        ])
    func `a setting names a route or is a URL`(target: String, url: String) throws {
        #expect(try resolver().resolveURL(target) == url)
    }

    @Test(arguments: ["", "nothing", "user", "ns:nothing"])
    func `what is neither the name of a route nor looks like a URL is an error`(target: String) throws {
        let resolver = try resolver()
        #expect(throws: NoReverseMatch.self) { try resolver.resolveURL(target) }
    }

    @Test(arguments: [
        "<int:id", "<number:id>/", "<int:>/", "<>/", "<int:1a>/", "<int:a b>/", "<a>/<int:a>/", "<int: a>/",
    ])
    func `a route that is wrong is an error at start-up`(route: String) {
        #expect(throws: ImproperlyConfigured.self) { try URLResolver([path(route, Self.view)]) }
    }

    @Test(
        arguments: [
            ("GET", 200), ("HEAD", 200), ("POST", 200), ("OPTIONS", 200), ("PUT", 405), ("DELETE", 405), ("GETT", 405),
            ("", 405),
        ])
    func `a view answers the methods that it allows`(method: String, status: Int) async throws {
        let application = Application(
            try URLResolver([path("x/", Self.view, methods: ["GET", "POST"])]), middleware: [try CSRFMiddleware()])
        let token = String(repeating: "a", count: 32)
        var meta = Meta()
        meta.append("REQUEST_METHOD", method)
        meta.append("DOCUMENT_URI", "/x/")
        meta.append("HTTP_HOST", "localhost")
        if method == "POST" {
            meta.append("HTTP_COOKIE", "csrftoken=\(token)")
            meta.append("HTTP_X_CSRFTOKEN", token)
        }
        let response = await application.respond(to: Request(meta: meta))
        #expect(response.status == status)
        let listsMethods = status == 405 || method == "OPTIONS"
        #expect(response.header("Allow") == (listsMethods ? "GET, HEAD, POST, OPTIONS" : nil))
    }
}
