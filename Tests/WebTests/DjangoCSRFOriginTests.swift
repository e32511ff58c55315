import EventLoop
import TestSupport
import Testing

@testable import Web

/// Django's `CsrfViewMiddlewareTestMixin` and those of its two classes that are about where a form comes from, by their
/// names.
@Suite("Django's tests of the CSRF middleware: origins")
struct DjangoCSRFOriginTests {
    private static let example = [("HTTP_HOST", "www.example.com")]

    private static func badReferer(_ referer: String) -> String {
        "Referer checking failed - \(referer) does not match any trusted origins."
    }

    private static func badOrigin(_ origin: String) -> String {
        "Origin checking failed - \(origin) does not match any trusted origins."
    }

    /// Why a form from `referer` is refused over HTTPS.
    @EventLoop
    private static func reason(
        _ site: DjangoCSRFSite, referer: String?, _ parameters: [(String, String)] = example
    ) async throws -> String? {
        try await site.reason(headers: [("HTTPS", "on")] + (referer.map { [("HTTP_REFERER", $0)] } ?? []) + parameters)
    }

    @Test("https bad referer, https no referer, https malformed host", arguments: SecretPlace.allCases)
    func badReferers(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"])
            let evil = "https://www.evil.org/somepage"
            #expect(try await Self.reason(site, referer: evil) == Self.badReferer(evil))
            #expect(try await Self.reason(site, referer: nil) == "Referer checking failed - no Referer.")
            let malformed = [("HTTP_HOST", "@malformed")]
            #expect(try await Self.reason(site, referer: evil, malformed) == Self.badReferer(evil))
        }
    }

    @Test("https malformed referer", arguments: SecretPlace.allCases)
    func malformedReferers(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"])
            #expect(
                try await Self.reason(site, referer: "http://http://www.example.com/")
                    == "Referer checking failed - Referer is insecure while host is secure.")
            for referer in ["", "ØBöIß", "//example.com/", "https://", "https://["] {
                #expect(
                    try await Self.reason(site, referer: referer) == "Referer checking failed - Referer is malformed.")
            }
        }
    }

    @Test("https good referer, https good referer 2", arguments: SecretPlace.allCases)
    func goodReferers(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"])
            for referer in ["https://www.example.com/somepage", "https://www.example.com"] {
                #expect(try await Self.reason(site, referer: referer) == nil)
            }
        }
    }

    @Test(
        "https good referer malformed host, https csrf trusted origin allowed, https csrf wildcard trusted origin allowed",
        arguments: SecretPlace.allCases)
    func trustedReferers(place: SecretPlace) async throws {
        try await onLoop {
            for trusted in ["https://dashboard.example.com", "https://*.example.com"] {
                let site = try DjangoCSRFSite(place, hosts: ["www.example.com"]) { $0.trustedOrigins = [trusted] }
                for host in ["www.example.com", "@malformed"] {
                    let referer = "https://dashboard.example.com/somepage"
                    #expect(try await Self.reason(site, referer: referer, [("HTTP_HOST", host)]) == nil)
                }
            }
        }
    }

    @Test("https good referer behind proxy", arguments: SecretPlace.allCases)
    func behindProxy(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"], domain: ".example.com")
            let parameters = [
                ("HTTP_HOST", "10.0.0.2"), ("SERVER_PORT", "8080"), ("HTTP_X_FORWARDED_HOST", "www.example.com"),
                ("HTTP_X_FORWARDED_PORT", "443"),
            ]
            #expect(try await Self.reason(site, referer: "https://www.example.com/somepage", parameters) == nil)
        }
    }

    @Test(
        "https good referer matches cookie domain, https good referer matches cookie domain with different port",
        arguments: SecretPlace.allCases)
    func cookieDomain(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"], domain: ".example.com")
            for (referer, port) in [("https://foo.example.com/", "443"), ("https://foo.example.com:4443/", "4443")] {
                let parameters = Self.example + [("SERVER_PORT", port)]
                #expect(try await Self.reason(site, referer: referer, parameters) == nil)
            }
        }
    }

    @Test("https reject insecure referer", arguments: SecretPlace.allCases)
    func insecureReferer(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"], domain: ".example.com")
            #expect(
                try await Self.reason(site, referer: "http://example.com/")
                    == "Referer checking failed - Referer is insecure while host is secure.")
        }
    }

    @Test(
        "bad origin bad domain, bad origin null origin, bad origin bad protocol, bad origin cannot be parsed",
        arguments: SecretPlace.allCases)
    func badOrigins(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"])
            for (origin, https) in [
                ("https://www.evil.org", ""), ("null", ""), ("http://example.com", "on"), ("https://[", ""),
            ] {
                let parameters = Self.example + [("HTTP_ORIGIN", origin), ("HTTPS", https)]
                #expect(try await site.reason(headers: parameters) == Self.badOrigin(origin))
            }
        }
    }

    @Test("origin malformed host", arguments: SecretPlace.allCases)
    func malformedHost(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place)
            let origin = "https://www.evil.org"
            let parameters = [("HTTP_HOST", "@malformed"), ("HTTP_ORIGIN", origin), ("HTTPS", "on")]
            #expect(try await site.reason(headers: parameters) == Self.badOrigin(origin))
        }
    }

    @Test("bad origin csrf trusted origin bad protocol", arguments: SecretPlace.allCases)
    func trustedOriginOfAnotherProtocol(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"]) {
                $0.trustedOrigins = [
                    "http://no-match.com", "https://*.example.com", "http://*.no-match.com", "http://*.no-match-2.com",
                ]
            }
            let origin = "http://foo.example.com"
            let parameters = Self.example + [("HTTP_ORIGIN", origin), ("HTTPS", "on")]
            #expect(try await site.reason(headers: parameters) == Self.badOrigin(origin))
        }
    }

    @Test("good origin insecure, good origin secure", arguments: SecretPlace.allCases)
    func goodOrigins(place: SecretPlace) async throws {
        try await onLoop {
            let site = try DjangoCSRFSite(place, hosts: ["www.example.com"])
            for (origin, https) in [("http://www.example.com", ""), ("https://www.example.com", "on")] {
                let parameters = Self.example + [("HTTP_ORIGIN", origin), ("HTTPS", https)]
                #expect(try await site.reason(headers: parameters) == nil)
            }
        }
    }

    @Test(
        "good origin csrf trusted origin allowed, good origin wildcard csrf trusted origin allowed",
        arguments: SecretPlace.allCases)
    func trustedOrigins(place: SecretPlace) async throws {
        try await onLoop {
            for trusted in ["https://dashboard.example.com", "https://*.example.com"] {
                let site = try DjangoCSRFSite(place, hosts: ["www.example.com"]) { $0.trustedOrigins = [trusted] }
                let parameters = Self.example + [("HTTP_ORIGIN", "https://dashboard.example.com"), ("HTTPS", "on")]
                #expect(try await site.reason(headers: parameters) == nil)
            }
        }
    }

    @Test(
        "what the sender of a refused form can mend is told apart",
        arguments: [
            ("CSRF cookie not set.", .noCookie), ("CSRF cookie has incorrect length.", .wrongToken),
            ("CSRF token missing.", .wrongToken), ("CSRF token from POST incorrect.", .wrongToken),
            ("Referer checking failed - no Referer.", .noReferer),
            ("Referer checking failed - Referer is malformed.", .wrongOrigin), (badOrigin("null"), .wrongOrigin),
            ("Permission denied", nil),
        ] as [(String, CSRFFailure?)])
    func failures(reason: String, failure: CSRFFailure?) {
        #expect(CSRFFailure(.forbidden(reason: reason)) == failure)
        #expect(CSRFFailure(.badRequest(reason)) == nil)
    }
}
