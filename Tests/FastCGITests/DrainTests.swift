import EventLoop
import Glibc
import TestSupport
import Testing

@testable import FastCGI

extension SocketTests {
    @Suite("Draining")
    struct DrainTests {
        /// Before the longest grace time here, also on a busy machine.
        private let soon = Duration.seconds(15)

        private func drain(_ test: TestServer, grace: Duration) async throws -> Duration {
            let start = ContinuousClock.now
            try await onLoop { await test.server.drain(grace: grace) }
            return ContinuousClock.now - start
        }

        @Test("a server without connections has drained at once, and takes none any more")
        func empty() async throws {
            let test = try await TestServer()
            #expect(try await drain(test, grace: .seconds(20)) < soon)
            let late = try test.client()
            late.send(request())
            usleep(50_000)
            #expect(try await test.requestsServed() == 0)
        }

        @Test("whoever waits at a socket of the server's own is served, and the next is refused")
        func ownSocket() async throws {
            let test = try await TestServer()
            // The loop, which is busy with this, has not taken the connection when the drain begins.
            nonisolated(unsafe) var waiting: FastCGIClient?
            try await onLoop {
                waiting = try test.client()
                waiting?.send(request())
                EventLoop.start { await test.server.drain(grace: .milliseconds(300), endsListening: true) }
            }
            #expect(waiting?.answer() != nil)
            while try await onLoop({ !test.server.isDraining }) { usleep(1000) }
            #expect(throws: FastCGIClient.Refused.self) { try test.client() }
        }

        @Test("idle, silent and half-sent connections are closed after the grace time")
        func idle() async throws {
            let test = try await TestServer()
            let clients = try [request(), [], begin(), [1]].map { bytes in
                let client = try test.client()
                client.send(bytes)
                return client
            }
            #expect(clients[0].answer() != nil)
            #expect(try await test.openDescriptors(expecting: 4) == 4)
            let duration = try await drain(test, grace: .milliseconds(200))
            #expect(duration >= .milliseconds(200) && duration < soon)
            for client in clients { #expect(client.isAtEnd()) }
        }

        @Test("each answer of a draining server asks the web server to close the connection")
        func farewell() async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request())
            #expect(client.answer() != nil)
            async let duration = drain(test, grace: .seconds(20))
            while try await onLoop({ !test.server.isDraining }) { usleep(1000) }
            for body in [[1], [2]] as [[UInt8]] {
                client.send(request(body: body))
                #expect(client.answer()?.text == TestServer.summary(body))
                // nginx must find it in the same read as the answer.
                #expect(client.hasMore)
                #expect(client.record()?.kind == Record.Kind.unknownType)
            }
            client.close()
            #expect(try await duration < soon)
        }

        @Test("a peer that does not heed it is served until the grace time, and loses no request then")
        func heedless() async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request())
            #expect(client.answer() != nil)
            async let duration = drain(test, grace: .milliseconds(300))
            while try await onLoop({ !test.server.isDraining }) { usleep(1000) }
            var answers = 0
            while client.send(request()), client.answer() != nil, client.record() != nil { answers += 1 }
            #expect(answers > 0)
            #expect(try await duration < soon)
        }

        @Test("a request under way is answered after the grace time", arguments: [10, 3_000_000])
        func busy(size: Int) async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request(["PAUSE": "300", "SIZE": "\(size)"]))
            while try await test.requestsServed() == 0 { usleep(1000) }
            async let duration = drain(test, grace: .milliseconds(20))
            #expect(client.answer()?.content == pattern(size))
            #expect(client.isAtEnd())
            #expect(try await duration < soon)
        }

        @Test("an answer that is being sent is sent to its end")
        func writing() async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request(["SIZE": "3000000"]))
            client.waitForBytes()
            async let duration = drain(test, grace: .milliseconds(20))
            usleep(100_000)
            #expect(client.answer()?.content == pattern(3_000_000))
            #expect(client.isAtEnd())
            #expect(try await duration < soon)
        }

        @Test("a peer that never reads its answer does not hold the end up past its time")
        func neverReads() async throws {
            let test = try await TestServer { $0.sending = .milliseconds(300) }
            let client = try test.client()
            client.send(request(["SIZE": "3000000"]))
            usleep(50_000)
            #expect(try await drain(test, grace: .milliseconds(20)) < soon)
            client.close()
        }

        @Test("a peer that vanished while it was served does not hold the end up")
        func vanished() async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request(["PAUSE": "100"]))
            while try await test.requestsServed() == 0 { usleep(1000) }
            client.close()
            #expect(try await drain(test, grace: .milliseconds(20)) < soon)
            #expect(try await test.openDescriptors() == 0)
        }
    }
}
