import EventLoop
import Glibc
import Logging
import TestSupport
import Testing
import Web

@testable import FastCGI

/// The tests on sockets, one after the other: they look at times, and share the loop.
@Suite("FastCGI on a socket", .serialized, .ownThreads)
enum SocketTests {}

/// The real server on the real loop, with an application that tells what it was asked.
final class TestServer: Sendable {
    let path: String
    let server: FastCGIServer
    private let listener: Int32
    private let served: Served

    @EventLoop
    private final class Served {
        var count = 0
        var cancelled = 0
    }

    @EventLoop private static var servers = 0

    init(
        takesAuthorizers: Bool = false, _ adjust: @escaping @Sendable (inout FastCGILimits) -> Void = { _ in }
    ) async throws {
        (path, listener, server, served) = try await onLoop {
            Self.servers += 1
            let path = "/tmp/sessiond-test-\(getpid())-\(Self.servers).sock"
            let listener = try ListeningSocket.open(.unix(path: path), mode: 0o600, backlog: 1000)
            var limits = FastCGILimits()
            adjust(&limits)
            let served = Served()
            let server = try FastCGIServer(
                listener: listener, limits: limits, takesAuthorizers: takesAuthorizers, logger: Logger(label: "test")
            ) {
                served.count += 1
                let response = await Self.respond(to: $0)
                if Task.isCancelled { served.cancelled += 1 }
                return response
            }
            return (path, listener, server, served)
        }
    }

    deinit {
        Task { [server, listener, path] in
            try await onLoop { await server.drain(grace: .zero) }
            close(listener)
            unlink(path)
        }
    }

    /// Waits `PAUSE` milliseconds; answers with `SIZE` bytes of the pattern, else with a summary of the request.
    @EventLoop
    private static func respond(to request: FastCGIRequest) async -> [UInt8] {
        let number = { (name: String) in request.meta[name].flatMap { Int(String(decoding: $0, as: UTF8.self)) } }
        if let pause = number("PAUSE") { await EventLoop.sleep(for: .milliseconds(pause)) }
        if let size = number("SIZE") { return pattern(size) }
        let state = request.problem.map { "\($0)" } ?? (request.role == .authorizer ? "authorizer" : "ok")
        return Array(summary(request.body, problem: state).utf8)
    }

    /// What the application answers to a request without `SIZE`; an Authorizer's is no problem, but told.
    static func summary(_ body: [UInt8], problem: String = "ok") -> String {
        let sum = body.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return "\(problem), \(body.count) bytes, \(sum)"
    }

    func client() throws -> FastCGIClient { try FastCGIClient(path) }

    /// How many requests the application was given.
    func requestsServed() async throws -> Int { try await onLoop { [served] in served.count } }

    /// How many of them had been cancelled when they were done.
    func requestsCancelled() async throws -> Int { try await onLoop { [served] in served.cancelled } }

    /// The answer to a good request on a new connection.
    func answersGoodRequest() throws -> Bool {
        let client = try client()
        client.send(request(body: [1, 2, 3]))
        return client.answer()?.text == Self.summary([1, 2, 3])
    }

    /// The descriptors of accepted connections, and of files in memory, that are open; waits up to two seconds for the
    /// `expected` number.
    func openDescriptors(expecting expected: Int = 0) async throws -> Int {
        var count = 0
        for _ in 0..<200 {
            count = try await onLoop { [self] in (0..<4096).count { isOurs($0) } }
            if count == expected { break }
            usleep(10_000)
        }
        return count
    }

    private func isOurs(_ descriptor: Int32) -> Bool {
        guard descriptor != listener else { return false }
        var target = [UInt8](repeating: 0, count: 64)
        if readlink("/proc/self/fd/\(descriptor)", &target, target.count) > 0, target.starts(with: "/memfd:".utf8) {
            return true
        }
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return status == 0 && withUnsafeBytes(of: address.sun_path) { $0.starts(with: Array(path.utf8) + [0]) }
    }
}
