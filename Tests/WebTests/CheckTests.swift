import Sessions
import Testing

@testable import Web

/// The texts themselves are compared with a real Django's in Tests/EndToEnd.
@Suite struct CheckTests {
    private func ids(_ parts: CheckedParts, _ change: (inout SessionSettings, inout CSRFSettings) -> Void = { _, _ in })
        -> [String]
    {
        var session = SessionSettings()
        var csrf = CSRFSettings()
        change(&session, &csrf)
        return (securityChecks(session, csrf, parts) + cookieChecks(session, csrf)).map(\.id)
    }

    @Test func `the parts of the application decide which of Django's checks speaks`() {
        var parts = CheckedParts()
        #expect(ids(parts) == ["security.W012", "security.W016"])
        #expect(
            ids(parts) {
                $0.cookieHTTPOnly = false; $1.cookieSecure = true
            } == ["security.W012", "security.W015"])
        parts.sessionTable = false
        #expect(
            ids(parts) { session, _ in session.cookieHTTPOnly = false }
                == ["security.W011", "security.W014", "security.W016"])
        parts.sessionTable = true
        parts.sessionMiddleware = false
        #expect(
            ids(parts) { session, _ in session.cookieHTTPOnly = false }
                == ["security.W010", "security.W013", "security.W016"])
        parts.csrfMiddleware = false
        #expect(ids(parts) == ["security.W003", "security.W010"])
        parts.sessionTable = false
        #expect(ids(parts) { session, _ in session.cookieHTTPOnly = false } == ["security.W003"])
        #expect(ids(CheckedParts()) { $1.useSessions = true } == ["security.W012"])
        #expect(
            ids(CheckedParts()) {
                $0.cookieSecure = true; $1.cookieSecure = true
            }.isEmpty)
    }

    @Test(
        arguments: [
            ("__Secure-id", "/", nil, false, ["sessiond.E001"]), ("__secure-id", "/", nil, false, ["sessiond.E001"]),
            ("__Secure-id", "/x", "a.b", true, []), ("__Host-id", "/", nil, true, []),
            ("__Host-id", "/x", nil, true, ["sessiond.E002"]), ("__Host-id", "/", "a.b", true, ["sessiond.E003"]),
            ("__Host-id", "/x", "a.b", false, ["sessiond.E001", "sessiond.E002", "sessiond.E003"]),
            ("sid", "/", "a.b", true, []), ("sessionid", "/", "a.b", true, ["sessiond.W001"]),
            ("sessionid", "/", nil, true, []),
        ] as [(String, String, String?, Bool, [String])])
    func `a cookie that browsers drop is an error`(
        name: String, path: String, domain: String?, secure: Bool, expected: [String]
    ) {
        let found = ids(CheckedParts()) { session, csrf in
            (session.cookieName, session.cookiePath, session.cookieDomain) = (name, path, domain)
            (session.cookieSecure, csrf.cookieSecure) = (secure, true)
        }
        #expect(found.filter { $0.hasPrefix("sessiond") } == expected)
    }

    @Test func `SameSite=None and Partitioned demand Secure, of the CSRF cookie too`() {
        let found = ids(CheckedParts()) { session, csrf in
            session.cookieSameSite = .some(.none)
            session.cookiePartitioned = true
            csrf.cookieSameSite = .some(.none)
            csrf.cookiePartitioned = true
        }
        #expect(
            found.filter { $0.hasPrefix("sessiond") }
                == ["sessiond.E004", "sessiond.E005", "sessiond.E004", "sessiond.E005"])
    }

    @Test func `a report groups by level, sorts, counts and fails as Django's does`() {
        let messages = [
            CheckMessage(.warning, id: "b.W2", "Second."),
            CheckMessage(.warning, id: "a.W1", "First.", hint: "Mend it."),
            CheckMessage(.error, id: "a.E1", "Worse."),
        ]
        let report = CheckReport(messages, silenced: ["b.W2"])
        #expect(
            report.description == """
                System check identified some issues:

                ERRORS:
                ?: (a.E1) Worse.

                WARNINGS:
                ?: (a.W1) First.
                \tHINT: Mend it.

                System check identified 2 issues (1 silenced).
                """)
        #expect(report.fails(at: .error) && !report.fails(at: .critical))
        #expect(!CheckReport(messages, silenced: ["a.E1"]).fails(at: .error))
        #expect(CheckReport([]).description == "System check identified no issues (0 silenced).")
        #expect(CheckReport([messages[0]]).description.hasSuffix("identified 1 issue (0 silenced)."))
    }
}
