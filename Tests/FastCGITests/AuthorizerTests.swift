import Glibc
import TestSupport
import Testing

@testable import FastCGI

/// A request as the specification has it for an Authorizer: nothing follows its parameters.
private func question(_ parameters: [String: String] = [:], keep: Bool = true, id: UInt16 = 1) -> [UInt8] {
    let pairs = parameters.sorted { $0.key < $1.key }.flatMap { pair($0.key, $0.value) }
    return begin(role: 2, flags: keep ? 1 : 0, id: id) + record(4, pairs, id: id) + record(4, id: id)
}

extension SocketTests {
    @Suite("Requests of the role Authorizer")
    struct AuthorizerTests {
        static let answer = TestServer.summary([], problem: "authorizer")

        @Test("is answered as soon as its parameters end, and others on the same connection too")
        func answered() async throws {
            let test = try await TestServer(takesAuthorizers: true)
            let client = try test.client()
            for id in 1...3 as ClosedRange<UInt16> {
                client.send(question(["A": "b"], id: id))
                #expect(client.answer()?.text == Self.answer)
                client.send(request(body: [1, 2, 3], id: id))
                #expect(client.answer()?.text == TestServer.summary([1, 2, 3]))
            }
            #expect(try await test.openDescriptors(expecting: 1) == 1)
        }

        @Test("the end of a body behind the parameters is taken, in one piece and late", arguments: [true, false])
        func emptyBody(inOnePiece: Bool) async throws {
            let test = try await TestServer(takesAuthorizers: true)
            let client = try test.client()
            for _ in 0..<3 {
                client.send(question(["PAUSE": "5"]) + (inOnePiece ? record(5) : []))
                #expect(client.answer()?.text == Self.answer)
                if !inOnePiece { client.send(record(5)) }
            }
            client.send(request(body: [1]))
            #expect(client.answer()?.text == TestServer.summary([1]))
        }

        @Test("cut in two at any byte, it is answered")
        func cutAnywhere() async throws {
            let test = try await TestServer(takesAuthorizers: true)
            let client = try test.client()
            let whole = question(["A": "b"]) + record(5)
            for cut in 1..<whole.count {
                client.send(Array(whole[..<cut]))
                usleep(300)
                client.send(Array(whole[cut...]))
                #expect(client.answer()?.text == Self.answer, "cut at \(cut)")
            }
        }

        @Test("a body is none of its business: the connection ends after the answer, and nothing in it is a request")
        func body() async throws {
            let test = try await TestServer(takesAuthorizers: true)
            let client = try test.client()
            client.send(question() + record(5, request(["A": "forged"])) + request())
            #expect(client.answer()?.text == Self.answer)
            #expect(client.isAtEnd())
            #expect(try await test.requestsServed() == 1)
        }

        @Test("the length that the client declared for its body does not count")
        func declaredLength() async throws {
            let test = try await TestServer(takesAuthorizers: true)
            let client = try test.client()
            client.send(question(["CONTENT_LENGTH": "100"]))
            #expect(client.answer()?.text == Self.answer)
        }

        @Test("a connection that is not to be kept ends after the answer")
        func notKept() async throws {
            let test = try await TestServer(takesAuthorizers: true)
            let client = try test.client()
            client.send(question(keep: false) + record(5))
            #expect(client.answer()?.text == Self.answer)
            #expect(client.isAtEnd())
        }

        @Test("a server that serves none refuses the role, and a Filter is refused by all", arguments: [true, false])
        func refused(takesAuthorizers: Bool) async throws {
            let test = try await TestServer(takesAuthorizers: takesAuthorizers)
            for role in takesAuthorizers ? [0, 3, 4, 255] : [0, 2, 3] as [UInt8] {
                let client = try test.client()
                client.send(begin(role: role) + record(4) + record(5))
                #expect(client.answer()?.protocolStatus == 3, "role \(role)")
                #expect(client.isAtEnd())
            }
            #expect(try await test.requestsServed() == 0)
        }
    }
}
