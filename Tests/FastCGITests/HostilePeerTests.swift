import EventLoop
import Glibc
import TestSupport
import Testing

@testable import FastCGI

extension SocketTests {
    @Suite("Peers that stop, vanish or send nonsense")
    struct HostilePeerTests {
        /// Beginnings of a request that leave it open.
        static let halves: [[UInt8]] = [
            [], [1], Array(begin().prefix(5)), begin(), begin() + record(4, [1]),
            begin() + record(4) + Array(record(5, pattern(500)).dropLast()), record(42) + [1],
        ]

        @Test("64 connections with half a record delay nobody, and are dropped when their time is over")
        func stalled() async throws {
            let test = try await TestServer { $0.receiving = .seconds(3) }
            let stalled = try (0..<64).map { index in
                let client = try test.client()
                client.send(Self.halves[index % 6])
                return client
            }
            for _ in 0..<100 { #expect(try test.answersGoodRequest()) }
            #expect(try await test.openDescriptors(expecting: 64) == 64)
            for client in stalled { #expect(client.isAtEnd()) }
            #expect(try await test.openDescriptors() == 0)
        }

        @Test("a half request behind a whole one is dropped when its time is over", arguments: ["0", "20"])
        func halfBehindWhole(pause: String) async throws {
            let test = try await TestServer { $0.receiving = .milliseconds(200) }
            for half in Self.halves[1..<6] {
                let client = try test.client()
                client.send(request(["PAUSE": pause]) + half)
                #expect(client.answer() != nil)
                #expect(client.isAtEnd())
            }
        }

        @Test("a kept connection may be idle longer than a request may take")
        func idle() async throws {
            let test = try await TestServer { $0.receiving = .milliseconds(100) }
            let client = try test.client()
            for _ in 0..<2 {
                client.send(request(body: [1]))
                #expect(client.answer()?.text == TestServer.summary([1]))
                usleep(300_000)
            }
        }

        @Test("a peer that never reads is dropped when its time is over")
        func neverReads() async throws {
            let test = try await TestServer { $0.sending = .milliseconds(200) }
            let floods = [
                request(["SIZE": "4000000"]), Array(repeatElement(request(["SIZE": "10000"]), count: 100).joined()),
                Array(repeatElement(record(77, id: 0), count: 100_000).joined()),
                record(77, id: 0) + request(["SIZE": "4000000"]) + request(),
            ]
            let clients = try floods.map { flood in
                let client = try test.client()
                client.send(flood)
                return client
            }
            #expect(try test.answersGoodRequest())
            usleep(100_000)
            #expect(try await test.openDescriptors() == 0)
            #expect(try await onLoop { test.server.held } == 0)
            for client in clients { client.close() }
        }

        @Test("a peer that has closed its sending side gets its answers, then the end", arguments: [0, 50])
        func halfClosed(pause: Int) async throws {
            let test = try await TestServer()
            for size in [5, 100_000] {
                let client = try test.client()
                let one = request(["PAUSE": "\(pause)", "SIZE": "\(size)"])
                client.send(one)
                client.closeSending()
                #expect(client.answer()?.content == pattern(size))
                #expect(client.isAtEnd())
            }
            #expect(try await test.openDescriptors() == 0)
        }

        @Test("a peer that vanishes while it is served leaves nothing behind")
        func vanishes() async throws {
            let test = try await TestServer()
            for size in [10, 1_000_000] {
                for pause in [0, 30] {
                    for _ in 0..<20 {
                        let client = try test.client()
                        client.send(request(["SIZE": "\(size)", "PAUSE": "\(pause)"]))
                        if pause == 0 { _ = client.record() }
                        client.close()
                    }
                }
            }
            #expect(try test.answersGoodRequest())
            #expect(try await test.openDescriptors() == 0)
            #expect(try await onLoop { test.server.held } == 0)
        }

        @Test("a request whose peer vanishes is cancelled, one whose peer only sends no more is not")
        func cancelled() async throws {
            let test = try await TestServer()
            let (gone, silent) = (try test.client(), try test.client())
            for client in [gone, silent] { client.send(request(["PAUSE": "300"])) }
            while try await test.requestsServed() < 2 { usleep(1000) }
            gone.close()
            silent.closeSending()
            #expect(silent.answer() != nil)
            #expect(try await test.openDescriptors() == 0)
            #expect(try await test.requestsCancelled() == 1)
        }

        @Test("half-received requests together hold no more than their limit")
        func held() async throws {
            let test = try await TestServer { $0.held = 1_000_000 }
            let clients = try (0..<20).map { _ in
                let client = try test.client()
                client.send(begin() + record(4) + record(5, pattern(60_000)) + record(5, pattern(40_000)))
                return client
            }
            #expect(try await test.openDescriptors(expecting: 10) == 10)
            let small = try test.client()
            small.send(request(["PAUSE": "20"], body: [1]))
            #expect(small.answer()?.text == TestServer.summary([1]))
            small.close()
            #expect(try await onLoop { test.server.held } <= 1_000_000)
            for client in clients { client.close() }
            #expect(try await test.openDescriptors() == 0)
            #expect(try await onLoop { test.server.held } == 0)
        }

        @Test("an endless stream of requests on one connection leaves the others their turn")
        func greedy() async throws {
            let test = try await TestServer()
            let greedy = try test.client()
            let descriptor = greedy.descriptor
            async let sending: Void = {
                let many = Array(repeatElement(request(["SIZE": "0"]), count: 1000).joined())
                while send(descriptor, many, many.count, Int32(MSG_NOSIGNAL)) > 0 {}
            }()
            async let reading: Void = {
                var buffer = [UInt8](repeating: 0, count: 65536)
                while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
            }()
            usleep(300_000)
            for _ in 0..<20 { #expect(try test.answersGoodRequest()) }
            shutdown(descriptor, Int32(SHUT_RDWR))
            _ = await (sending, reading)
        }

        @Test("mutations of requests do no harm", arguments: [1, 2, 3, 4] as [UInt64])
        func mutationFuzz(part: UInt64) async throws {
            let test = try await TestServer { $0.parameters = 300 }
            let seed = Fuzzer.seed &* 4 &+ part
            var random = SplitMix64(seed: seed)
            let good = try test.client()
            let end = ContinuousClock.now + (Fuzzer.limit ?? .zero)
            var index = 0
            while index < 5000 || .now < end {
                index += 1
                let client = try test.client()
                let bytes = Self.mutation(using: &random)
                client.send(bytes)
                if random.next() % 8 == 0 { client.closeSending() }
                client.close()
                good.send(request(body: [1]))
                try #require(good.answer()?.text == TestServer.summary([1]), "seed \(seed), case \(index): \(bytes)")
            }
            #expect(try await test.openDescriptors(expecting: 1) == 1)
            #expect(try await onLoop { test.server.held } == 0)
        }

        private static func mutation(using random: inout SplitMix64) -> [UInt8] {
            let pool = [
                request(["A": "b", "SIZE": "9"], body: pattern(20), chunk: 7), request(["PAUSE": "1"], body: [1]),
                record(9, pair("FCGI_MPXS_CONNS", ""), id: 0), record(2), begin() + record(4, padding: 8),
                request(["LONG": String(repeating: "x", count: 200)]), request(["SIZE": "20000"], keep: false),
            ]
            var bytes = (0...Int(random.next() % 3)).flatMap { _ in pool.randomElement(using: &random) ?? [] }
            for _ in 0..<Int(random.next() % 6) where !bytes.isEmpty {
                let index = Int.random(in: bytes.indices, using: &random)
                switch random.next() % 5 {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[index] = [0, 1, 4, 5, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
                case 2: bytes.removeSubrange(index..<min(index + 9, bytes.count))
                case 3: bytes.insert(contentsOf: bytes[index..<min(index + 16, bytes.count)], at: index)
                default: bytes.removeSubrange(index...)
                }
            }
            return bytes
        }
    }
}
