import EventLoop
import Logging

/// One connection to Redis that is kept: made when first needed, made again with growing pauses when it was lost.
@EventLoop
final class RedisClient {
    private let options: RedisOptions
    private let limit: Duration
    private let logger: Logger
    private let metrics = CacheMetrics()
    private var wasConnected = false

    private var connection: RedisConnection?
    private var isConnecting = false
    private var isClosed = false
    /// Why there is no connection; nil while none was tried for, or one was of use since.
    private var outage: String?
    private var pause = RetryPause()
    private var waitingForConnection: [Waiting] = []
    private lazy var deadlines = DeadlineWatch(every: limit / 10) { [unowned self] now in
        wakeWaiting { $0.deadline <= now }
        return !waitingForConnection.isEmpty
    }
    private var waitingForReturn: [CheckedContinuation<Void, Never>] = []

    private struct Waiting {
        let deadline: ContinuousClock.Instant
        let isPatient: Bool
        let caller: CheckedContinuation<Void, Never>
    }

    /// - Parameter limit: how long a command waits for a connection and its answer together.
    init(_ options: RedisOptions, limit: Duration, logger: Logger) {
        self.options = options
        self.limit = limit
        self.logger = logger
    }

    private var isConnected: Bool { connection?.isOpen ?? false }

    /// Sends a command and waits for its answer.
    /// - Parameter patiently: whether an outage is waited for until the time limit; else it is an error at once.
    /// - Throws: ``CacheError``, for an error that Redis answers too.
    func command(_ command: [[UInt8]], patiently: Bool = true) async throws(CacheError) -> RedisReply {
        let deadline = ContinuousClock.now + limit
        let connection = try await connected(until: deadline, patiently: patiently)
        let sent = ContinuousClock.now
        let reply = try await connection.send(command, deadline: deadline)
        metrics.answered(after: EventLoop.now - sent)
        if case .error(let text) = reply {
            // A primary that has become a replica: its address may lead to the new one by now.
            if text.hasPrefix("READONLY") { connection.lose(text) }
            throw .server(text)
        }
        pause.reset()
        outage = nil
        return reply
    }

    /// Makes the connection ahead of the first command.
    func connectInBackground() { startConnecting() }

    /// Suspends until the next connection was made.
    func waitForConnection() async {
        await withCheckedContinuation { continuation in
            guard !isConnected, !isClosed else { return continuation.resume() }
            waitingForReturn.append(continuation)
            startConnecting()
        }
    }

    /// Ends the connection for good.
    func close() {
        isClosed = true
        connection?.lose("closed")
        connection = nil
        metrics.disconnected()
        wakeAll()
    }

    private func connected(
        until deadline: ContinuousClock.Instant, patiently: Bool
    ) async throws(CacheError) -> RedisConnection {
        while true {
            if let connection, connection.isOpen { return connection }
            guard !isClosed else { throw .connectionLost("closed") }
            let isPatient = patiently || outage == nil
            guard isPatient, ContinuousClock.now < deadline else {
                startConnecting()
                throw .connectionLost(outage ?? "Redis did not answer in time")
            }
            await withCheckedContinuation { continuation in
                // Asked again: each `await` lets other events in.
                guard !isConnected, !isClosed else { return continuation.resume() }
                waitingForConnection.append(Waiting(deadline: deadline, isPatient: patiently, caller: continuation))
                startConnecting()
                deadlines.arm()
            }
        }
    }

    /// Those of them look again whether there is a connection.
    private func wakeWaiting(_ isWoken: (Waiting) -> Bool) {
        let waiting = waitingForConnection
        waitingForConnection = waiting.filter { !isWoken($0) }
        for waiting in waiting where isWoken(waiting) { waiting.caller.resume() }
    }

    /// All of them do: there is a connection, or there will be none any more.
    private func wakeAll() {
        wakeWaiting { _ in true }
        guard isConnected || isClosed else { return }
        let returned = waitingForReturn
        waitingForReturn = []
        for continuation in returned { continuation.resume() }
    }

    private func connectionWasLost(_ reason: String) {
        connection = nil
        metrics.disconnected()
        guard !isClosed else { return }
        if outage == nil { logger.warning("cache connection lost", metadata: ["reason": "\(reason)"]) }
        outage = reason
        startConnecting()
    }

    private func startConnecting() {
        guard !isConnecting, !isConnected, !isClosed else { return }
        isConnecting = true
        EventLoop.start { [self] in await connect() }
    }

    /// Tries again and again, with pauses of 50 ms to 1 s. An outage is logged once, and its end.
    private func connect() async {
        var failures = 0
        while !isClosed {
            let rest = pause.take()
            if rest > .zero { await EventLoop.sleep(for: rest) }
            do throws(CacheError) {
                let connection = try await connectToFirstAddress()
                if isClosed {
                    connection.lose("closed")
                } else {
                    self.connection = connection
                    connection.whenLost = { [weak self] in self?.connectionWasLost($0) }
                    metrics.connected(again: wasConnected)
                    wasConnected = true
                }
                if failures > 0 { logger.notice("cache connected again") }
                break
            } catch {
                failures += 1
                if failures == 1 { logger.error("cache not reachable", metadata: ["reason": "\(error)"]) }
                outage = "\(error)"
                // Who does not wait for the end of an outage.
                wakeWaiting { !$0.isPatient }
            }
        }
        isConnecting = false
        wakeAll()
    }

    private func connectToFirstAddress() async throws(CacheError) -> RedisConnection {
        var addresses = [options.address]
        if case .host(let name, let port) = options.address {
            addresses = await EventLoop.addresses(ofHost: name).map { .host($0, port: port) }
        }
        var failure = CacheError.connectionLost("the cache's host name was not found")
        for address in addresses {
            do throws(CacheError) {
                let connection = try RedisConnection(address)
                do throws(CacheError) {
                    try await connection.open(options, deadline: .now + min(limit, .seconds(2)))
                } catch {
                    connection.lose("\(error)")
                    throw error
                }
                return connection
            } catch { failure = error }
        }
        throw failure
    }
}
