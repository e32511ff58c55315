import Testing

@testable import Web

@Suite struct RequestTests {
    @Test(
        arguments: [
            ([("DOCUMENT_URI", "/myapp/login/")], "/myapp/login/"),
            ([("DOCUMENT_URI", "myapp")], "/myapp"),
            ([("SCRIPT_NAME", "/cgi"), ("PATH_INFO", "/x/")], "/cgi/x/"),
            ([("SCRIPT_NAME", "/only")], "/only"),
            ([], "/"),
        ] as [([(String, String)], String)])
    func `the path is DOCUMENT_URI, else SCRIPT_NAME and PATH_INFO`(parameters: [(String, String)], path: String) {
        var meta = Meta()
        for (name, value) in parameters { meta.append(name, value) }
        #expect(Request(meta: meta).path == path)
    }

    @Test func `bytes of the path that are no UTF-8 stand in it percent-encoded`() {
        var meta = Meta()
        meta.append(name: "DOCUMENT_URI".utf8, value: [0x2F, 0xFF, 0x61, 0xC3, 0xA9, 0xE2, 0x80])
        #expect(Request(meta: meta).path == "/%FFaé%E2%80")
    }

    @Test func `the first of two parameters of one name counts`() {
        let request = Request([("HTTP_X", "1"), ("HTTP_X", "2")])
        #expect(request.meta.string("HTTP_X") == "1")
        #expect(request.meta["HTTP_Y"] == nil)
        #expect(request.meta["http_x"] == nil)
    }

    @Test func `several cookie parameters are one header`() {
        let request = Request([("HTTP_COOKIE", "a=1"), ("HTTP_X", "y"), ("HTTP_COOKIE", "b=2"), ("HTTP_COOKIE", "a=3")])
        #expect(request.cookies["a"] == "3")
        #expect(request.cookies["b"] == "2")
    }

    @Test func `an empty cookie parameter before another leaves the other one whole`() {
        #expect(Request([("HTTP_COOKIE", ""), ("HTTP_COOKIE", "b=2")]).cookies["b"] == "2")
    }

    @Test func `the method is in capitals`() {
        #expect(Request([("REQUEST_METHOD", "post")]).method == "POST")
        #expect(Request(meta: Meta()).method == "")
    }

    @Test(arguments: [("on", true), ("1", true), ("", false), ("off", false), ("ON", false)])
    func `a request is secure when the server says so`(value: String, isSecure: Bool) {
        let request = Request([("HTTPS", value), ("HTTP_X_FORWARDED_PROTO", "https")])
        #expect(request.isSecure == isSecure)
        #expect(request.scheme == (isSecure ? "https" : "http"))
    }

    @Test(
        arguments: [
            ("localhost", true), ("localhost:8080", true), ("LOCALHOST.", true), ("a.localhost", true),
            ("127.0.0.1:80", true), ("[::1]:8080", true), ("example.com", false), ("127.0.0.2", false), ("", false),
            ("localhost:", false), ("localhost\r\nX: y", false), ("evil.com@localhost", false), ("[::1", false),
        ])
    func `without ALLOWED_HOSTS only names of the local machine are served`(host: String, isAllowed: Bool) throws {
        let request = Request([("HTTP_HOST", host)])
        if isAllowed {
            #expect(try request.host() == host)
        } else {
            #expect(throws: HTTPError.self) { try request.host() }
        }
    }

    @Test(
        arguments: [
            (["example.com"], "EXAMPLE.com:1", true), (["Example.COM"], "example.com", true),
            (["example.com"], "a.example.com", false), ([".example.com"], "a.example.com", true),
            ([".example.com"], "example.com", true), ([".example.com"], "badexample.com", false), (["*"], "any", true),
            (["*"], "a b", false), ([""], "x", false), (["example.com"], "localhost", false),
        ])
    func `a host is compared with ALLOWED_HOSTS`(allowed: [String], host: String, isAllowed: Bool) {
        var settings = WebSettings()
        settings.allowedHosts = allowed
        #expect(((try? Request([("HTTP_HOST", host)], settings: settings).host()) != nil) == isAllowed)
    }

    @Test func `without a Host header the server's name and unusual port are the host`() throws {
        func host(_ port: String, https: String) throws -> String {
            var meta = Meta()
            for (name, value) in [("SERVER_NAME", "localhost"), ("SERVER_PORT", port), ("HTTPS", https)] {
                meta.append(name, value)
            }
            return try Request(meta: meta).host()
        }
        #expect(try host("80", https: "") == "localhost")
        #expect(try host("8080", https: "") == "localhost:8080")
        #expect(try host("443", https: "on") == "localhost")
        #expect(try host("80", https: "on") == "localhost:80")
    }

    @Test func `the full path is encoded and has the query string`() {
        let request = Request([("DOCUMENT_URI", "/a b/é"), ("QUERY_STRING", "x=1&y=\r\n")])
        #expect(request.fullPath() == "/a%20b/%C3%A9?x=1&y=%0D%0A")
        #expect(request.fullPath(appendingSlash: true) == "/a%20b/%C3%A9/?x=1&y=%0D%0A")
    }

    @Test func `a refused body throws what it was refused for`() {
        let request = Request(meta: Meta(), body: .failure(.contentTooLarge))
        #expect(throws: HTTPError.contentTooLarge) { try request.body() }
    }

    @Test func `a body is allowed up to DATA_UPLOAD_MAX_MEMORY_SIZE`() throws {
        var settings = WebSettings()
        settings.dataUploadMaxMemorySize = 3
        #expect(try Request(body: [1, 2, 3], settings: settings).body() == [1, 2, 3])
        #expect(throws: HTTPError.contentTooLarge) { try Request(body: [1, 2, 3, 4], settings: settings).body() }
        settings.dataUploadMaxMemorySize = nil
        #expect(try Request(body: [1, 2, 3, 4], settings: settings).body().count == 4)
    }
}
