import DatabaseSessions
import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing

@testable import Web

/// The outcome table of Django's session middleware, row by row, on a real database.
@Suite("The session middleware")
struct SessionMiddlewareTests {
    enum Cookie { case none, valid, unknown, short, empty }
    enum Outcome: Equatable { case nothing, newKey, sameKey, deleted }

    /// What a view does with the session.
    typealias Use = @Sendable (Session) async throws -> Void

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let cookie: Cookie
        var saveEveryRequest = false
        var quirks = false
        var status = 200
        let view: Use
        let setCookie: Outcome
        let varies: Bool
    }

    static let rows: [Row] = [
        Row(testDescription: "no cookie, nothing", cookie: .none, view: { _ in }, setCookie: .nothing, varies: false),
        Row(
            testDescription: "no cookie, read", cookie: .none, view: { _ = try await $0["a"] }, setCookie: .nothing,
            varies: true),
        Row(
            testDescription: "no cookie, write", cookie: .none, view: { try await $0.set("b", to: 1) },
            setCookie: .newKey, varies: true),
        Row(testDescription: "key, nothing", cookie: .valid, view: { _ in }, setCookie: .nothing, varies: false),
        Row(
            testDescription: "key, read", cookie: .valid, view: { _ = try await $0["a"] }, setCookie: .nothing,
            varies: true),
        Row(
            testDescription: "key, write", cookie: .valid, view: { try await $0.set("b", to: 1) }, setCookie: .sameKey,
            varies: true),
        Row(
            testDescription: "unknown key, nothing", cookie: .unknown, view: { _ in }, setCookie: .nothing,
            varies: false),
        Row(
            testDescription: "unknown key, read", cookie: .unknown, view: { _ = try await $0["a"] },
            setCookie: .deleted, varies: true),
        Row(
            testDescription: "unknown key, write", cookie: .unknown, view: { try await $0.set("b", to: 1) },
            setCookie: .newKey, varies: true),
        Row(testDescription: "short key, nothing", cookie: .short, view: { _ in }, setCookie: .deleted, varies: true),
        Row(
            testDescription: "empty cookie, nothing", cookie: .empty, view: { _ in }, setCookie: .deleted, varies: true),
        Row(
            testDescription: "key, write, 404", cookie: .valid, status: 404, view: { try await $0.set("b", to: 1) },
            setCookie: .sameKey, varies: true),
        Row(
            testDescription: "key, write, 500", cookie: .valid, status: 500, view: { try await $0.set("b", to: 1) },
            setCookie: .nothing, varies: true),
        Row(
            testDescription: "key, write, 503", cookie: .valid, status: 503, view: { try await $0.set("b", to: 1) },
            setCookie: .nothing, varies: true),
        Row(
            testDescription: "key, flush", cookie: .valid, view: { try await $0.flush() }, setCookie: .deleted,
            varies: true),
        Row(
            testDescription: "key, flush, 500", cookie: .valid, status: 500, view: { try await $0.flush() },
            setCookie: .deleted, varies: true),
        Row(testDescription: "key, clear", cookie: .valid, view: { $0.clear() }, setCookie: .sameKey, varies: true),
        Row(
            testDescription: "key, flush and write", cookie: .valid,
            view: {
                try await $0.flush(); try await $0.set("b", to: 1)
            }, setCookie: .newKey, varies: true),
        Row(
            testDescription: "no cookie, flush", cookie: .none, view: { try await $0.flush() }, setCookie: .nothing,
            varies: true),
        Row(
            testDescription: "key, nothing, save every request", cookie: .valid, saveEveryRequest: true, view: { _ in },
            setCookie: .sameKey, varies: true),
        Row(
            testDescription: "no cookie, nothing, save every request", cookie: .none, saveEveryRequest: true,
            view: { _ in }, setCookie: .nothing, varies: false),
        Row(
            testDescription: "unknown key, nothing, save every request", cookie: .unknown, saveEveryRequest: true,
            view: { _ in }, setCookie: .deleted, varies: true),
        Row(
            testDescription: "unknown key, nothing, save every request, as Django does it", cookie: .unknown,
            saveEveryRequest: true, quirks: true, view: { _ in }, setCookie: .newKey, varies: true),
        Row(
            testDescription: "unknown key, write, save every request", cookie: .unknown, saveEveryRequest: true,
            view: { try await $0.set("b", to: 1) }, setCookie: .newKey, varies: true),
        Row(
            testDescription: "unknown key, read, save every request", cookie: .unknown, saveEveryRequest: true,
            view: { _ = try await $0["a"] }, setCookie: .deleted, varies: true),
        Row(
            testDescription: "key, cycle", cookie: .valid, view: { try await $0.cycleKey() }, setCookie: .newKey,
            varies: true),
    ]

    @Test("does what Django's does", arguments: rows)
    func outcome(row: Row) async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let engine = try Self.engine(database) {
                $0.saveEveryRequest = row.saveEveryRequest
                $0.djangoCompatible = row.quirks
            }
            let stored = engine.session(nil)
            try await stored.set("a", to: 1)
            try await stored.save()
            let storedKey = try #require(stored.sessionKey)
            let cookie: String? =
                switch row.cookie {
                case .none: nil
                case .valid: storedKey
                case .unknown: "unknownunknownunknownunknownunkn"
                case .short: "abc"
                case .empty: ""
                }
            let response = try await Self.respond(engine, cookie: cookie) { request in
                try await row.view(request.session)
                return Response("", status: row.status)
            }
            #expect((response.header("Vary") == "Cookie") == row.varies)
            let value = response.cookies.first?.value
            switch row.setCookie {
            case .nothing: #expect(value == nil)
            case .deleted: #expect(value == "")
            case .sameKey: #expect(value == storedKey)
            case .newKey:
                #expect(try #require(value).wholeMatch(of: /[a-z0-9]{32}/) != nil)
                #expect(value != storedKey && value != cookie)
            }
        }
    }

    @Test("a save after a logout elsewhere is answered with 400, and nothing is stored")
    func interrupted() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let engine = try Self.engine(database)
            let stored = engine.session(nil)
            try await stored.set("a", to: 1)
            try await stored.save()
            let key = try #require(stored.sessionKey)
            let error = await #expect(throws: SessionStoreError.self) {
                _ = try await Self.respond(engine, cookie: key) { request in
                    try await request.session.set("b", to: 1)
                    try await engine.session(key).flush()
                    return Response("")
                }
            }
            #expect(error == .keyGone)
            #expect(error?.httpError.status == 400)
            #expect(try await database.data(key) == nil)
        }
    }

    @Test("the cookie that deletes is Secure and Partitioned where the cookie is", arguments: [false, true])
    func deletionText(quirks: Bool) async throws {
        try await onLoop {
            let engine = try Self.engine(try await TestDatabase()) {
                $0.cookieSecure = true
                $0.djangoCompatible = quirks
            }
            let start = "sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; "
            let deleted = try await Self.respond(engine, cookie: "short") { _ in Response("") }
            #expect(deleted.cookies.first?.text == start + "Path=/; SameSite=Lax" + (quirks ? "" : "; Secure"))
            let partitioned = try Self.engine(try await TestDatabase()) {
                $0.cookieSecure = true
                $0.cookiePartitioned = true
                $0.djangoCompatible = quirks
            }
            let other = try await Self.respond(partitioned, cookie: "short") { _ in Response("") }
            #expect(other.cookies.first?.text == start + "Partitioned; Path=/; SameSite=Lax; Secure")
            let written = try await Self.respond(partitioned, cookie: nil) { request in
                try await request.session.set("b", to: 1)
                return Response("")
            }
            #expect(
                try #require(written.cookies.first).text.hasSuffix(
                    "; HttpOnly; Max-Age=1209600; Partitioned; Path=/; SameSite=Lax; Secure"))
        }
    }

    @Test("the cookie's text is Django's")
    func cookieText() async throws {
        try await onLoop {
            let database = try await TestDatabase()
            let engine = try Self.engine(database) {
                $0.cookieDomain = ".ex.com"
                $0.cookiePath = "/x"
                $0.cookieSecure = true
                $0.cookieSameSite = .some(.none)
            }
            let response = try await Self.respond(engine, cookie: nil) { request in
                try await request.session.set("b", to: 1)
                return Response("")
            }
            var bytes: [UInt8] = []
            response.cookies.first?.write(into: &bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(
                text.wholeMatch(
                    of:
                        /sessionid=[a-z0-9]{32}; Domain=\.ex\.com; expires=[A-Z][a-z]{2}, .* GMT; HttpOnly; Max-Age=1209600; Path=\/x; SameSite=None; Secure/
                )
                    != nil)
        }
    }

    @EventLoop
    private static func engine(
        _ database: TestDatabase, _ change: (inout SessionSettings) -> Void = { _ in }
    ) throws -> SessionEngine {
        var settings = SessionSettings()
        change(&settings)
        return SessionEngine(
            store: try database.store(), codec: SessionCodec(secretKey: "test-secret-key"), settings: settings)
    }

    @EventLoop
    private static func respond(
        _ engine: SessionEngine, cookie: String?, _ view: (Request) async throws -> Response
    ) async throws -> Response {
        var meta = Meta()
        meta.append("REQUEST_METHOD", "GET")
        meta.append("DOCUMENT_URI", "/")
        if let cookie { meta.append("HTTP_COOKIE", "sessionid=\(cookie)") }
        return try await SessionMiddleware(engine).respond(to: Request(meta: meta), view)
    }
}
