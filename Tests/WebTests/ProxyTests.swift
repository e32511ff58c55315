import Testing

@testable import Web

/// Django's `SecureProxySslHeaderTest` and those of `HostValidationTests` that concern a request, by their names.
@Suite("Django's tests of hosts and proxies")
struct ProxyTests {
    private static let poisonedHosts = [
        "example.com@evil.tld", "example.com:dr.frankenstein@evil.tld", "example.com:dr.frankenstein@evil.tld:80",
        "example.com:80/badpath", "example.com: recovermypassword.com",
    ]

    private func isSecure(_ forwarded: String?, _ parameters: [(String, String)] = [], isSet: Bool = true) -> Bool {
        var settings = WebSettings()
        if isSet { settings.secureProxySSLHeader = ("HTTP_X_FORWARDED_PROTO", "https") }
        let header = forwarded.map { [("HTTP_X_FORWARDED_PROTO", $0)] } ?? []
        return Request(header + parameters, settings: settings).isSecure
    }

    @Test("none")
    func none() {
        #expect(!isSecure("https", isSet: false))
    }

    @Test("set without xheader")
    func setWithoutHeader() {
        #expect(!isSecure(nil))
        #expect(isSecure(nil, [("HTTPS", "on")]))
    }

    @Test("set with xheader wrong", arguments: ["wrongvalue", "", "HTTPS", "httpsx", "http\u{0}s"])
    func setWithWrongHeader(value: String) {
        #expect(!isSecure(value))
    }

    @Test("set with xheader right")
    func setWithRightHeader() {
        #expect(isSecure("https"))
    }

    @Test("set with xheader leftmost right", arguments: ["https, http", "https  , http", " https"])
    func leftmostIsRight(value: String) {
        #expect(isSecure(value))
    }

    @Test("set with xheader leftmost not secure")
    func leftmostIsNotSecure() {
        #expect(!isSecure("http, https"))
    }

    @Test("set with xheader multiple not secure")
    func severalAreNotSecure() {
        #expect(!isSecure("http ,wrongvalue,http,http"))
    }

    @Test("xheader preferred to underlying request")
    func headerIsPreferred() {
        #expect(!isSecure("http", [("HTTPS", "on")]))
        #expect(!isSecure("", [("HTTPS", "on")]))
    }

    private func host(
        _ parameters: [(String, String)], allowed: [String] = ["*"], _ change: (inout WebSettings) -> Void = { _ in }
    ) throws -> String {
        var settings = WebSettings()
        settings.allowedHosts = allowed
        change(&settings)
        var meta = Meta()
        for (name, value) in parameters { meta.append(name, value) }
        return try Request(meta: meta, settings: settings).host()
    }

    private static let internalServer = [("SERVER_NAME", "internal.com"), ("SERVER_PORT", "80")]
    private static let forwarding = [("HTTP_X_FORWARDED_HOST", "forward.com"), ("HTTP_HOST", "example.com")]

    @Test("http get host")
    func getHost() throws {
        let allowed = [
            "forward.com", "example.com", "internal.com", "12.34.56.78", "[2001:19f0:feee::dead:beef:cafe]",
            "xn--4ca9at.com", ".multitenant.com", "INSENSITIVE.com", "[::ffff:169.254.169.254]",
        ]
        #expect(try host(Self.forwarding + Self.internalServer, allowed: allowed) == "example.com")
        #expect(try host([("HTTP_HOST", "example.com")] + Self.internalServer, allowed: allowed) == "example.com")
        #expect(try host(Self.internalServer, allowed: allowed) == "internal.com")
        let odd = [("SERVER_NAME", "internal.com"), ("SERVER_PORT", "8042")]
        #expect(try host(odd, allowed: allowed) == "internal.com:8042")
        for name in [
            "example.com", "example.com:80", "12.34.56.78", "12.34.56.78:443", "[2001:19f0:feee::dead:beef:cafe]",
            "[2001:19f0:feee::dead:beef:cafe]:8080", "xn--4ca9at.com", "anything.multitenant.com", "multitenant.com",
            "insensitive.com", "example.com.", "example.com.:80", "[::ffff:169.254.169.254]",
        ] {
            #expect(try host([("HTTP_HOST", name)], allowed: allowed) == name)
        }
        for name in Self.poisonedHosts + ["other.com", "example.com.."] {
            #expect(throws: HTTPError.self) { try host([("HTTP_HOST", name)], allowed: allowed) }
        }
    }

    @Test("http get host with x forwarded host")
    func getForwardedHost() throws {
        func forwarded(_ parameters: [(String, String)]) throws -> String {
            try host(parameters) { $0.useXForwardedHost = true }
        }
        #expect(try forwarded(Self.forwarding + Self.internalServer) == "forward.com")
        #expect(try forwarded([("HTTP_HOST", "example.com")] + Self.internalServer) == "example.com")
        #expect(try forwarded(Self.internalServer) == "internal.com")
        #expect(try forwarded([("SERVER_NAME", "internal.com"), ("SERVER_PORT", "8042")]) == "internal.com:8042")
        for name in [
            "example.com", "example.com:80", "12.34.56.78", "12.34.56.78:443", "[2001:19f0:feee::dead:beef:cafe]",
            "[2001:19f0:feee::dead:beef:cafe]:8080", "xn--4ca9at.com",
        ] {
            #expect(try forwarded([("HTTP_X_FORWARDED_HOST", name), ("HTTP_HOST", "example.com")]) == name)
        }
        for name in Self.poisonedHosts + ["", "a.com, b.com"] {
            let poisoned = [("HTTP_X_FORWARDED_HOST", name), ("HTTP_HOST", "example.com")]
            #expect(throws: HTTPError.self) { try forwarded(poisoned) }
        }
    }

    private func port(_ parameters: [(String, String)], isForwarded: Bool) -> String {
        var settings = WebSettings()
        settings.useXForwardedPort = isForwarded
        return Request(parameters, settings: settings).port
    }

    @Test("get port")
    func getPort() {
        let both = [("SERVER_PORT", "8080"), ("HTTP_X_FORWARDED_PORT", "80")]
        #expect(port(both, isForwarded: false) == "8080")
        #expect(port([("SERVER_PORT", "8080")], isForwarded: false) == "8080")
    }

    @Test("get port with x forwarded port")
    func getForwardedPort() {
        let both = [("SERVER_PORT", "8080"), ("HTTP_X_FORWARDED_PORT", "80")]
        #expect(port(both, isForwarded: true) == "80")
        #expect(port([("SERVER_PORT", "8080")], isForwarded: true) == "8080")
    }

    @Test("host validation in debug mode")
    func localNames() throws {
        for name in ["localhost", "subdomain.localhost", "127.0.0.1", "[::1]"] {
            #expect(try host([("HTTP_HOST", name)], allowed: []) == name)
        }
        #expect(throws: HTTPError.self) { try host([("HTTP_HOST", "example.com")], allowed: []) }
    }

    @Test("get host suggestion of allowed host")
    func suggestion() {
        func reason(_ name: String) -> String? {
            do {
                return "\(name) is served as \(try host([("HTTP_HOST", name)], allowed: []))"
            } catch {
                return (error as? HTTPError)?.reason
            }
        }
        for name in ["example.com", "12.34.56.78", "[2001:19f0:feee::dead:beef:cafe]", "xn--4ca9at.com"] {
            let expected = "Invalid HTTP_HOST header: '\(name)'. You may need to add '\(name)' to ALLOWED_HOSTS."
            #expect(reason(name) == expected)
            #expect(reason(name + ":80") == expected.replacing(name, with: name + ":80", maxReplacements: 1))
        }
        for name in Self.poisonedHosts + ["invalid_hostname.com"] {
            #expect(
                reason(name)
                    == "Invalid HTTP_HOST header: '\(name)'. The domain name provided is not valid according to "
                    + "RFC 1034/1035.")
        }
    }

    @Test("split domain port")
    func splitDomainPort() {
        for (host, domain) in [
            ("<invalid>", nil), ("<invalid>:8080", nil), ("example.com 8080", nil), ("example.com:invalid", nil),
            ("[::1]", "[::1]"), ("[::1]:8080", "[::1]"), ("[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]"),
            ("[::ffff:127.0.0.1]:8080", "[::ffff:127.0.0.1]"),
            ("[1851:0000:3238:DEF1:0177:0000:0000:0125]", "[1851:0000:3238:def1:0177:0000:0000:0125]"),
            ("[1851:0000:3238:DEF1:0177:0000:0000:0125]:8080", "[1851:0000:3238:def1:0177:0000:0000:0125]"),
            ("127.0.0.1", "127.0.0.1"), ("127.0.0.1:8080", "127.0.0.1"), ("example.com", "example.com"),
            ("example.com:8080", "example.com"), ("example.com.", "example.com"), ("example.com.:8080", "example.com"),
            ("xn--n28h.test", "xn--n28h.test"), ("xn--n28h.test:8080", "xn--n28h.test"),
            ("subdomain.example.com", "subdomain.example.com"), ("subdomain.example.com:8080", "subdomain.example.com"),
        ] as [(String, String?)] {
            let found = AllowedHosts.domain(of: Array(host.utf8)[...])
            #expect(found.map { String(decoding: $0, as: UTF8.self) } == domain, "\(host)")
        }
    }
}
