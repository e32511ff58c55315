import Sessions
import TestSupport
import Testing

@testable import Web

@Suite("A layer that is a view")
struct EarlyViewTests {
    /// Says which of two answered, and whether the layer behind the first saw the request.
    private struct Marking: Middleware {
        func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
            try response.setHeader("X-Behind", "seen")
            return nil
        }
    }

    private static func respond(
        _ path: String, method: String = "GET", to layer: String? = "/early", refusal: HTTPError? = nil
    ) async throws -> Response {
        let view: View = { _ in Response("view") }
        let early = EarlyView(layer, { _ in Response("early", status: 202) }, methods: ["GET"], name: "early")
        let application = Application(
            try URLResolver([Web.path("early", view), Web.path("other", view)]), middleware: [early, Marking()],
            settings: WebSettings())
        var meta = Meta()
        meta.append("REQUEST_METHOD", method)
        meta.append("DOCUMENT_URI", path)
        meta.append("SERVER_NAME", "localhost")
        meta.append("SERVER_PORT", "80")
        return await application.respond(to: Request(meta: meta, refusal: refusal))
    }

    @Test("answers its path alone, and nothing behind it sees the request")
    func path() async throws {
        let early = try await Self.respond("/early")
        #expect(early.status == 202)
        #expect(early.header("X-Behind") == nil)
        for path in ["/other", "/early/", "/earl", "/Early", "/early%2F"] {
            let response = try await Self.respond(path)
            #expect(response.status == (path == "/other" ? 200 : 404))
            #expect(response.header("X-Behind") == "seen")
        }
    }

    @Test("without a path it answers all")
    func everyPath() async throws {
        for path in ["/early", "/other", "/", "/a\nb"] {
            #expect(try await Self.respond(path, to: nil).status == 202)
        }
    }

    @Test("other methods are told which there are")
    func methods() async throws {
        #expect(try await Self.respond("/early", method: "HEAD").status == 202)
        let refused = try await Self.respond("/early", method: "POST")
        #expect(refused.status == 405)
        #expect(refused.header("Allow") == "GET, HEAD, OPTIONS")
        #expect(try await Self.respond("/early", method: "OPTIONS").status == 200)
    }

    @Test("a malformed request is refused here as by the site")
    func refusal() async throws {
        #expect(try await Self.respond("/early", refusal: .headersTooLarge).status == 431)
    }
}

@Suite("Parameters that stand more than once")
struct RepeatedParameterTests {
    @Test("are all there, in their order")
    func all() {
        var meta = Meta()
        for (name, value) in [("A", "1"), ("B", "2"), ("A", ""), ("AA", "3"), ("A", "4")] { meta.append(name, value) }
        #expect(meta.all("A").map { Array($0) } == [Array("1".utf8), [], Array("4".utf8)])
        #expect(meta.all("C").isEmpty)
    }
}
