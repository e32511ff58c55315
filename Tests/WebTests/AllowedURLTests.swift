import Testing
import Web

/// Django's `URLHasAllowedHostAndSchemeTests` under their names, and what an attacker tries beside.
@Suite struct URLHasAllowedHostAndSchemeTests {
    @Test(
        arguments: [
            "http://example.com", "http:///example.com", "https://example.com", "ftp://example.com", #"\\example.com"#,
            #"\\\example.com"#, #"/\\/example.com"#, #"\\//example.com"#, #"/\/example.com"#, #"\/example.com"#,
            #"/\example.com"#, #"http:/\//example.com"#, #"http:\/example.com"#, #"http:/\example.com"#,
            #"javascript:alert("XSS")"#, "\njavascript:alert(x)", "java\nscript:alert(x)", "\u{8}//example.com",
            #"http://otherserver\@example.com"#, #"http:\\testserver\@example.com"#,
            #"http://testserver\me:pass@example.com"#, #"http://testserver\@example.com"#,
            #"http:\\testserver\confirm\me@example.com"#, "http:999999999", "ftp:9999999999", "\n",
            "http://[2001:cdba:0000:0000:0000:0000:3257:9652/", "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
        ])
    func test_bad_urls(url: String) {
        #expect(!urlHasAllowedHostAndScheme(url, allowedHosts: ["testserver", "testserver2"]))
    }

    @Test(
        arguments: [
            "/view/?param=http://example.com", "/view/?param=https://example.com", "/view?param=ftp://example.com",
            "view/?param=//example.com", "https://testserver/", "HTTPS://testserver/", "//testserver/",
            "http://testserver/confirm?email=me@example.com", "/url%20with%20spaces/", "path/http:2222222222",
        ])
    func test_good_urls(url: String) {
        #expect(urlHasAllowedHostAndScheme(url, allowedHosts: ["otherserver", "testserver"]))
    }

    @Test func test_basic_auth() {
        #expect(urlHasAllowedHostAndScheme("http://user:pass@testserver/", allowedHosts: ["user:pass@testserver"]))
    }

    @Test func test_no_allowed_hosts() {
        #expect(urlHasAllowedHostAndScheme("/confirm/me@example.com", allowedHosts: []))
        #expect(!urlHasAllowedHostAndScheme(#"http://testserver\@example.com"#, allowedHosts: []))
    }

    @Test func test_allowed_hosts_str() {
        #expect(urlHasAllowedHostAndScheme("http://good.com/good", allowedHosts: ["good.com"]))
        #expect(!urlHasAllowedHostAndScheme("http://good.co/evil", allowedHosts: ["good.com"]))
    }

    @Test(arguments: ["https://example.com/p", "HTTPS://example.com/p", "/view/?param=http://example.com"])
    func test_secure_param_https_urls(url: String) {
        #expect(urlHasAllowedHostAndScheme(url, allowedHosts: ["example.com"], requireHTTPS: true))
    }

    @Test(arguments: ["http://example.com/p", "ftp://example.com/p", "//example.com/p"])
    func test_secure_param_non_https_urls(url: String) {
        #expect(!urlHasAllowedHostAndScheme(url, allowedHosts: ["example.com"], requireHTTPS: true))
    }

    @Test(
        arguments: [
            nil, "", "   ", "///example.com", "////example.com", "\t//example.com", "/\t/example.com",
            "\r\n//example.com",
            "\u{0}/x", "\u{1F}//example.com", "\u{7F}/x", "\u{200B}//example.com", "\u{AD}/x", "\u{E000}/x",
            "http://me@testserver/", "http://testserver@example.com/", "//testserver.example.com", "//testserver:81/",
            "http://testserver。example.com", "//tests\u{FF45}rver/", "data:text/html,x", "blob:x", "mailto:a@b",
            " javascript:alert(1)", "JaVaScRiPt:alert(1)", "http:/testserver", "http:testserver", "https:///",
        ] as [String?])
    func `what a browser may read otherwise is refused`(url: String?) {
        #expect(!urlHasAllowedHostAndScheme(url, allowedHosts: ["testserver"]))
    }

    @Test func `an address of 2048 code points is the longest`() {
        #expect(urlHasAllowedHostAndScheme("/" + String(repeating: "é", count: 2047), allowedHosts: []))
        #expect(!urlHasAllowedHostAndScheme("/" + String(repeating: "é", count: 2048), allowedHosts: []))
        #expect(!urlHasAllowedHostAndScheme("/" + String(repeating: "x", count: 1_000_000), allowedHosts: []))
    }
}
