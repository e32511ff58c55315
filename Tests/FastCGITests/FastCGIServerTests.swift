import EventLoop
import Glibc
import TestSupport
import Testing

@testable import FastCGI

extension SocketTests {
    @Suite("The FastCGI server, on a socket")
    struct FastCGIServerTests {
        @Test("a request in one piece is answered, and one on a new connection too")
        func onePiece() async throws {
            let test = try await TestServer()
            for _ in 0..<2 { #expect(try test.answersGoodRequest()) }
            #expect(try await test.openDescriptors() == 0)
        }

        @Test("a request cut in two at any byte is answered")
        func cutAnywhere() async throws {
            let test = try await TestServer()
            let client = try test.client()
            let whole = request(["A": "b"], body: [1, 2, 3])
            for cut in 1..<whole.count {
                client.send(Array(whole[..<cut]))
                usleep(300)
                client.send(Array(whole[cut...]))
                #expect(client.answer()?.text == TestServer.summary([1, 2, 3]), "cut at \(cut)")
            }
        }

        @Test("a request that comes byte by byte, its body in records of one byte, is answered")
        func singleBytes() async throws {
            let test = try await TestServer()
            let client = try test.client()
            for byte in request(body: pattern(50), chunk: 1) {
                client.send([byte])
                usleep(20)
            }
            #expect(client.answer()?.text == TestServer.summary(pattern(50)))
            client.send(request(body: pattern(200_000), chunk: 1))
            #expect(client.answer()?.text == TestServer.summary(pattern(200_000)))
        }

        @Test("requests in one write are answered in their order", arguments: ["0", "20"])
        func pipelined(pause: String) async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request(["PAUSE": pause], body: [1]) + request(body: [2], id: 2) + request(body: [3]))
            for body in [1, 2, 3] as [UInt8] { #expect(client.answer()?.text == TestServer.summary([body])) }
            let big = pattern(300_000)
            client.send(request(["PAUSE": pause], body: [1]) + request(body: big))
            #expect(client.answer()?.text == TestServer.summary([1]))
            #expect(client.answer()?.text == TestServer.summary(big))
        }

        @Test("as many requests as a read holds are answered without a deep stack")
        func manyPipelined() async throws {
            let test = try await TestServer()
            let client = try test.client()
            let one = begin() + record(4) + record(5)
            client.send(Array(repeatElement(one, count: 4000).joined()))
            // The first answers fill the socket, because nobody reads them yet.
            var served = 0
            repeat {
                served = try await test.requestsServed()
                usleep(100_000)
            } while try await test.requestsServed() != served || served == 0
            for number in 0..<4000 {
                let answer = client.answer()
                try #require(answer?.text == TestServer.summary([]), "answer \(number), errno \(errno)")
            }
            #expect(try await test.requestsServed() == 4000)
            #expect(try test.answersGoodRequest())
        }

        @Test("a connection that is not to be kept ends after its answer")
        func keep() async throws {
            let test = try await TestServer()
            for size in ["10", "100000"] {
                let client = try test.client()
                client.send(request(["SIZE": size]))
                #expect(client.answer() != nil)
                client.send(request(["SIZE": size], keep: false))
                #expect(client.answer() != nil)
                #expect(client.isAtEnd())
            }
        }

        @Test("bodies larger than a socket's buffer arrive whole", arguments: [0, 1, 8192, 66_000, 2 << 20])
        func bodies(size: Int) async throws {
            let test = try await TestServer()
            let client = try test.client()
            for _ in 0..<2 {
                client.send(request(body: pattern(size)))
                #expect(client.answer()?.text == TestServer.summary(pattern(size)))
            }
        }

        @Test("a body past the limit is a problem, told once, and the connection goes on")
        func bodyTooLarge() async throws {
            let test = try await TestServer {
                $0.body = 100_000
                $0.discardedBody = 500_000
            }
            let client = try test.client()
            client.send(request(body: pattern(100_001)))
            #expect(client.answer()?.text == TestServer.summary([], problem: "bodyTooLarge"))
            client.send(request(body: pattern(100_000)))
            #expect(client.answer()?.text == TestServer.summary(pattern(100_000)))
            #expect(try await test.requestsServed() == 2)
            client.send(request(body: pattern(500_001)))
            #expect(client.isAtEnd())
        }

        @Test("requests inside a body are no requests", arguments: [100, 20_000, 90_000, 200_000])
        func smuggling(limit: Int) async throws {
            let test = try await TestServer { $0.body = limit }
            let client = try test.client()
            let forged = request(["FORGED": "1"], body: [9])
            let body = Array(repeatElement(forged, count: 1500).joined())
            client.send(request(body: body, chunk: 8000))
            let expected =
                body.count > limit ? TestServer.summary([], problem: "bodyTooLarge") : TestServer.summary(body)
            #expect(client.answer()?.text == expected)
            client.send(request(body: [1]))
            #expect(client.answer()?.text == TestServer.summary([1]))
            #expect(try await test.requestsServed() == 2)
        }

        @Test("answers of any size arrive whole", arguments: [0, 1, 8183, 8184, 8185, 16_384, 16_385, 65_535, 1 << 20])
        func answers(size: Int) async throws {
            let test = try await TestServer()
            let client = try test.client()
            for pause in [0, 0, 50_000] as [UInt32] {
                client.send(request(["SIZE": "\(size)"]))
                usleep(pause)
                #expect(client.answer()?.content == pattern(size))
            }
        }

        @Test("answers that the peer reads late are whole, though they fill its socket")
        func lateReader() async throws {
            let test = try await TestServer()
            let client = try test.client()
            for _ in 0..<100 {
                client.send(request(["SIZE": "16000"]))
                usleep(1000)
            }
            for _ in 0..<100 { try #require(client.answer()?.content == pattern(16_000)) }
        }

        @Test("CONTENT_LENGTH must be the body's length", arguments: [(10, 9), (10, 11), (0, 1), (1, 0), (3, -3)])
        func contentLength(size: Int, declared: Int) async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(request(body: pattern(size), declaring: declared))
            #expect(client.answer()?.text == TestServer.summary(pattern(size), problem: "malformed"))
            client.send(request(body: [1]))
            #expect(client.answer()?.text == TestServer.summary([1]))
        }

        @Test("parameters past the limit are a problem, whatever they hold")
        func parametersTooLarge() async throws {
            let test = try await TestServer { $0.parameters = 1000 }
            let client = try test.client()
            // What libfcgi aborts on, in the part that is kept and in the one behind what is not.
            let fatal: [UInt8] = [0xff, 0xff, 0xff, 0xfe, 0, 65]
            let long = record(4, [UInt8](repeating: 1, count: 990))
            for records in [record(4, fatal) + long + long, long + long + record(4, fatal), long + long] {
                client.send(begin() + records + record(4) + record(5, [7]) + record(5))
                #expect(client.answer()?.text.hasPrefix("parametersTooLarge") == true)
            }
        }

        @Test("padding is no record", arguments: [1, 8, 40])
        func padding(count: Int) async throws {
            let test = try await TestServer()
            let client = try test.client()
            let parameters = record(4, pair("SIZE", "7"), padding: count)
            // Padding that libfcgi would read as a record, on whose lengths it aborts.
            let fatal = Array((record(4, [0xff, 0xff, 0xff, 0xfe, 0, 65]) + pattern(40)).prefix(count))
            var start = begin()
            start[6] = UInt8(count)
            for end in [record(4) + record(5), record(4, padding: count) + record(5, padding: count)] {
                client.send(start + fatal + parameters + end)
                #expect(client.answer()?.content == pattern(7))
            }
            client.send(request(body: [1]))
            #expect(client.answer()?.text == TestServer.summary([1]))
        }

        @Test("an abort ends a request that is not whole, and does nothing to one that is")
        func abort() async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(begin() + record(4, pair("A", "b")) + record(2))
            #expect(client.answer()?.content == [])
            client.send(request(["PAUSE": "30"], body: [1]))
            usleep(5000)
            client.send(record(2))
            #expect(client.answer()?.text == TestServer.summary([1]))
            client.send(request(body: [2]))
            #expect(client.answer()?.text == TestServer.summary([2]))
            client.send(begin(flags: 0) + record(2))
            #expect(client.answer()?.content == [])
            #expect(client.isAtEnd())
        }

        @Test("management records and unknown types are answered, between and within requests")
        func management() async throws {
            let test = try await TestServer()
            let client = try test.client()
            client.send(record(9, pair("FCGI_MPXS_CONNS", ""), id: 0))
            #expect(client.record()?.content == pair("FCGI_MPXS_CONNS", "0"))
            client.send(begin() + record(77, [1, 2], id: 0))
            #expect(client.record()?.content == [77, 0, 0, 0, 0, 0, 0, 0])
            client.send(record(9, id: 0) + record(4) + record(77, [3]) + record(5))
            #expect(client.record()?.kind == 10)
            #expect(client.answer()?.text == TestServer.summary([]))
            client.send(request() + begin(role: 3))
            #expect(client.answer()?.text == TestServer.summary([]))
            #expect(client.answer()?.protocolStatus == 3)
            #expect(client.isAtEnd())
        }
    }
}
