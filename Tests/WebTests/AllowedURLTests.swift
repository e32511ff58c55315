import Testing

@testable import Web

/// Django's `URLHasAllowedHostAndSchemeTests`.
@Suite("Where a visitor may be sent")
struct AllowedURLTests {
    private func isAllowed(_ url: String?, _ hosts: [String] = ["testserver"], https: Bool = false) -> Bool {
        urlHasAllowedHostAndScheme(url, allowedHosts: hosts, requireHTTPS: https)
    }

    @Test(
        "bad urls",
        arguments: [
            "http://example.com", "http:///example.com", "https://example.com", "ftp://example.com",
            #"\\example.com"#, #"\\\example.com"#, #"/\\/example.com"#, #"\\//example.com"#, #"/\/example.com"#,
            #"\/example.com"#, #"/\example.com"#, #"http:/\//example.com"#, #"http:\/example.com"#,
            #"http:/\example.com"#, #"javascript:alert("XSS")"#, "\njavascript:alert(x)", "java\nscript:alert(x)",
            "\u{8}//example.com", #"http://otherserver\@example.com"#, #"http:\\testserver\@example.com"#,
            #"http://testserver\me:pass@example.com"#, #"http://testserver\@example.com"#,
            #"http:\\testserver\confirm\me@example.com"#, "http:999999999", "ftp:9999999999", "\n",
            "http://[2001:cdba:0000:0000:0000:0000:3257:9652/", "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
        ])
    func badURLs(url: String) { #expect(!isAllowed(url, ["testserver", "testserver2"])) }

    @Test(
        "good urls",
        arguments: [
            "/view/?param=http://example.com", "/view/?param=https://example.com", "/view?param=ftp://example.com",
            "view/?param=//example.com", "https://testserver/", "HTTPS://testserver/", "//testserver/",
            "http://testserver/confirm?email=me@example.com", "/url%20with%20spaces/", "path/http:2222222222",
        ])
    func goodURLs(url: String) { #expect(isAllowed(url, ["otherserver", "testserver"])) }

    @Test("basic auth")
    func basicAuth() { #expect(isAllowed("http://user:pass@testserver/", ["user:pass@testserver"])) }

    @Test("no allowed hosts")
    func noAllowedHosts() {
        #expect(isAllowed("/confirm/me@example.com", []))
        #expect(!isAllowed(#"http://testserver\@example.com"#, []))
    }

    @Test("allowed hosts str")
    func oneHost() {
        #expect(isAllowed("http://good.com/good", ["good.com"]))
        #expect(!isAllowed("http://good.co/evil", ["good.com"]))
    }

    @Test(
        "secure param https urls",
        arguments: ["https://example.com/p", "HTTPS://example.com/p", "/view/?param=http://example.com"])
    func secureURLs(url: String) { #expect(isAllowed(url, ["example.com"], https: true)) }

    @Test("secure param non https urls", arguments: ["http://example.com/p", "ftp://example.com/p", "//example.com/p"])
    func insecureURLs(url: String) { #expect(!isAllowed(url, ["example.com"], https: true)) }

    @Test("max url length")
    func longest() {
        let url = "example.com/" + String(repeating: "é", count: 2048 - 12)
        #expect(isAllowed(url, ["example.com"]))
        #expect(!isAllowed(url + "ú", ["example.com"]))
        #expect(!isAllowed("/" + String(repeating: "x", count: 1_000_000)))
    }

    /// What browsers drop, or take for a slash.
    @Test(
        "tricks that Django's tests do not name",
        arguments: [
            nil, "", " ", "   ", "\t", "\0//example.com", "\u{1}http://example.com", "\u{1F}//example.com",
            "\u{7F}//example.com", "\u{85}//example.com", "\u{AD}//example.com", "\u{200B}//example.com",
            "\u{FEFF}//example.com", "\u{E000}//example.com", "\u{202E}//example.com", " //example.com",
            "\u{A0}//example.com", "\u{2028}//example.com", "\t//example.com", "\r\n//example.com",
            "/\t/example.com", "/\r\n/example.com", "///example.com", "////example.com", "///testserver", "\0/x",
            "\u{7F}/x", "\u{AD}/x", "\u{E000}/x", "http:testserver", "http:/testserver", "https:///",
            "http://me@testserver/", "http://testserver@example.com", "http://testserver:80@example.com",
            "http://testserver:80/", "//testserver:81/", "http://TESTSERVER/", "http://testserver。example.com",
            "//tests\u{FF45}rver/", "//testserver\u{FF0F}@example.com", "//testserver.example.com",
            "//example.com/testserver", "https://testserver%2F@example.com", "//[::1]", "data:text/html,x", "blob:x",
            "mailto:a@b", "vbscript:x", " javascript:alert(1)", "JaVaScRiPt:alert(1)",
        ] as [String?])
    func tricks(url: String?) { #expect(!isAllowed(url)) }

    @Test(
        "what looks odd and is a path of this site",
        arguments: [
            " /a/ ", "%61:b/c", "?next=//example.com", "#//example.com", "/\u{AD}/x", ".", "é",
            "//testserver#@example.com\\",
        ])
    func paths(url: String) { #expect(isAllowed(url)) }
}
