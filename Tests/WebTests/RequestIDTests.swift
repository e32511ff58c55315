import EventLoop
import Logging
import TestSupport
import Testing

@testable import Web

@Suite struct RequestIDTests {
    private static let id = "5f1c0123456789abcdef0123456789ab"

    @Test(arguments: [
        (id, id), ("a-b_c.d~", "a-b_c.d~"), ("", nil), ("a b", nil), ("<b>", nil), ("\r\n", nil), ("é", nil),
        (String(repeating: "a", count: 64), String(repeating: "a", count: 64)),
        (String(repeating: "a", count: 65), nil),
    ])
    func `the number of a request is a word that the web server gave it`(text: String, id: String?) {
        #expect(Request([("SESSIOND_REQUEST_ID", text)]).id == id)
        #expect(Request([("HTTP_SESSIOND_REQUEST_ID", text)]).id == nil)
    }

    @Test func `lines of a request have its number, and lines of work for others have not`() async throws {
        try await onLoop {
            let provider = Logger.MetadataProvider.request
            let view: View = { _ in Response("\(provider.get()) \(await Self.metadataOfOtherWork())") }
            let application = Application(try URLResolver([path("", view)]), middleware: [])
            let response = await application.respond(to: Request([("SESSIOND_REQUEST_ID", Self.id)]))
            #expect(response.bodyText == #"["request_id": \#(Self.id)] [:]"#)
            #expect(provider.get().isEmpty)
        }
    }

    /// Of a task that the calling one starts.
    @EventLoop
    private static func metadataOfOtherWork() async -> Logger.Metadata {
        await withCheckedContinuation { continuation in
            EventLoop.start { continuation.resume(returning: Logger.MetadataProvider.request.get()) }
        }
    }
}
