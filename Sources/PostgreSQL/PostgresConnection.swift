import CLibPQ
import EventLoop

/// A connection to one server, never blocking: libpq in pipeline mode, watched by the event loop.
///
/// Behind a pooler each transaction may run on another connection of the server's (PgBouncer's transaction mode). There
/// statements are not prepared, and each transaction begins with the settings that else the connection has.
@EventLoop
final class PostgresConnection {
    private let connection: PGConnection
    private let descriptor: Int32
    private var prepared: Set<String> = []
    /// Whether a pooler may stand between; known after the first statement.
    private var isPooled = true
    /// What each transaction behind a pooler begins with.
    private let settings: Query?
    private var running: Running?
    /// Looks after the statement under way.
    private var timer: Timer?
    /// What the last statement came to, until its caller takes it.
    private var outcome: Result<[PostgresResult], PostgresError>?
    /// Why it is of no more use.
    private(set) var loss: String?
    /// Told of a loss that no statement under way fails by.
    var whenLostIdle: ((String) -> Void)?
    var isOpen: Bool { loss == nil }

    /// What an ``execute(_:within:)`` waits for. A statement to prepare yields a result of its own before its rows.
    private final class Running {
        var prepares: [String?] = []
        /// How many results come first that nobody asked for.
        var unasked = 0
        var results: [PostgresResult] = []
        var error: ServerError?
        let caller: CheckedContinuation<Void, Never>
        let deadline: ContinuousClock.Instant

        init(caller: CheckedContinuation<Void, Never>, deadline: ContinuousClock.Instant) {
            self.caller = caller
            self.deadline = deadline
        }
    }

    private static let backendID = Statement("SELECT pg_backend_pid()")

    /// Tries one host, as resolved.
    /// - Throws: ``PostgresError/connectionLost(_:)`` with libpq's reason.
    static func open(
        _ options: ConnectionOptions, host: ConnectionOptions.Host
    ) async throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            let connection = try await PostgresConnection(options, host: host, withSettings: true)
            // A pooler tells its clients a number of its own. It may also have passed over the settings.
            let asked = try await connection.execute([Query(backendID)], within: options.connectTimeout)
            // What follows has a limit of its own.
            connection.timer?.cancel()
            connection.timer = nil
            connection.isPooled = asked.first?.integer(0, 0) != Int64(PQbackendPID(connection.connection.pointer))
            return connection
        } catch {
            guard case .connectionLost(let reason) = error, reason.contains("unsupported startup parameter") else {
                throw error
            }
            return try await PostgresConnection(options, host: host, withSettings: false)
        }
    }

    private init(
        _ options: ConnectionOptions, host: ConnectionOptions.Host, withSettings: Bool
    ) async throws(PostgresError) {
        let parameters = options.parameters(for: host, withSettings: withSettings)
        guard let connection = PGConnection(parameters: parameters) else { throw .connectionLost("out of memory") }
        let deadline = ContinuousClock.now + options.connectTimeout
        var state = PGRES_POLLING_WRITING
        guard PQstatus(connection.pointer) != CONNECTION_BAD else { throw .connectionLost(connection.errorMessage) }
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED else { throw .connectionLost(connection.errorMessage) }
            let events: Events = state == PGRES_POLLING_READING ? .readable : .writable
            do {
                guard try await EventLoop.wait(for: events, on: PQsocket(connection.pointer), until: deadline) else {
                    throw PostgresError.connectionLost("the database did not answer in time")
                }
            } catch let error as PostgresError {
                throw error
            } catch {
                throw .connectionLost("\(error)")
            }
            state = PQconnectPoll(connection.pointer)
        }
        self.connection = connection
        settings = options.settingsQuery
        descriptor = PQsocket(connection.pointer)
        guard PQsetnonblocking(connection.pointer, 1) == 0, PQenterPipelineMode(connection.pointer) == 1 else {
            throw .connectionLost(connection.errorMessage)
        }
        try watch(for: .readable)
    }

    isolated deinit {
        // Before PQfinish closes the descriptor. Once the connection is lost its number may be another's already.
        if isOpen { EventLoop.unwatch(descriptor) }
    }

    /// Runs the queries as one transaction in one round trip; the caller sees to it that no other call is under way.
    func execute(_ queries: [Query], within limit: Duration) async throws(PostgresError) -> [PostgresResult] {
        await withCheckedContinuation { caller in
            // Asked here, not before: each `await` lets other events in, and one of them may be the connection's end.
            if let loss {
                outcome = .failure(.connectionLost(loss))
                return caller.resume()
            }
            running = Running(caller: caller, deadline: .now + limit)
            if timer == nil { look(after: limit) }
            send(queries)
        }
        defer { outcome = nil }
        return try outcome?.get() ?? []
    }

    /// One timer serves many statements: it finds the one that is under way when its time has come, and is set anew for
    /// that one's deadline. All have the same limit.
    private func look(after delay: Duration) {
        timer = EventLoop.schedule(after: delay) { [weak self] in
            guard let self else { return }
            timer = nil
            guard let running else { return }
            let rest = running.deadline - .now
            if rest > .zero { look(after: rest) } else { lose("the database did not answer in time") }
        }
    }

    /// Ends the connection; a statement under way fails with `reason`.
    func lose(_ reason: String) {
        guard isOpen else { return }
        loss = reason
        EventLoop.unwatch(descriptor)
        if running != nil { finish(.failure(.connectionLost(reason))) } else { whenLostIdle?(reason) }
    }

    private func finish(_ outcome: Result<[PostgresResult], PostgresError>) {
        guard let running else { return }
        self.running = nil
        self.outcome = outcome
        running.caller.resume()
    }

    private func watch(for events: Events) throws(PostgresError) {
        do {
            try EventLoop.watch(descriptor, for: events) { [weak self] events in self?.ready(events) }
        } catch {
            throw .connectionLost("\(error)")
        }
    }

    // MARK: Sending

    private func send(_ queries: [Query]) {
        if !isPooled {
            sendPrepared(queries)
        } else if let settings, !isInTransaction {
            running?.unasked = 1
            sendUnprepared([settings] + queries)
        } else {
            sendUnprepared(queries)
        }
        guard isOpen else { return }
        guard PQpipelineSync(connection.pointer) == 1 else { return lose(connection.errorMessage) }
        flush()
    }

    /// Whether an earlier call has left a transaction open.
    private var isInTransaction: Bool {
        [PQTRANS_INTRANS, PQTRANS_INERROR].contains(PQtransactionStatus(connection.pointer))
    }

    private func sendUnprepared(_ queries: [Query]) {
        for query in queries {
            guard sendExecution(of: query) else { return lose(connection.errorMessage) }
            running?.prepares.append(nil)
        }
    }

    private func sendPrepared(_ queries: [Query]) {
        var planned: Set<String> = []
        for query in queries {
            let name = query.statement.name
            if !prepared.contains(name), planned.insert(name).inserted {
                let types = query.parameters.map { $0.type }
                guard PQsendPrepare(connection.pointer, name, query.statement.sql, Int32(types.count), types) == 1
                else { return lose(connection.errorMessage) }
                running?.prepares.append(name)
            }
            guard sendExecution(of: query) else { return lose(connection.errorMessage) }
            running?.prepares.append(nil)
        }
    }

    private func sendExecution(of query: Query) -> Bool {
        let bytes = query.parameters.map { $0.bytes }
        // libpq copies what the pointers show before it returns; one buffer holds all values.
        let joined = bytes.reduce(into: [UInt8]()) { $0 += $1 ?? [] } + [0]
        return joined.withUnsafeBytes { buffer in
            var offset = 0
            var values: [UnsafePointer<CChar>?] = []
            for value in bytes {
                values.append(
                    value == nil ? nil : buffer.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self))
                offset += value?.count ?? 0
            }
            let lengths = bytes.map { Int32(clamping: $0?.count ?? 0) }
            let formats = [Int32](repeating: 1, count: bytes.count)
            let count = Int32(bytes.count)
            guard isPooled else {
                return PQsendQueryPrepared(
                    connection.pointer, query.statement.name, count, values, lengths, formats, 1) == 1
            }
            let types = query.parameters.map { $0.type }
            return PQsendQueryParams(
                connection.pointer, query.statement.sql, count, types, values, lengths, formats, 1) == 1
        }
    }

    private func flush() {
        switch PQflush(connection.pointer) {
        case 0: break
        case 1:
            do throws(PostgresError) { try watch(for: [.readable, .writable]) } catch { lose("\(error)") }
        default: lose(connection.errorMessage)
        }
    }

    // MARK: Receiving

    private func ready(_ events: Events) {
        if events.contains(.writable) {
            do throws(PostgresError) { try watch(for: .readable) } catch { return lose("\(error)") }
            flush()
        }
        guard isOpen, !events.isDisjoint(with: [.readable, .closed]) else { return }
        guard PQconsumeInput(connection.pointer) == 1 else { return lose(connection.errorMessage) }
        // nil ends the results of one command, two in a row those of all.
        var ends = 0
        while running != nil, ends < 2, PQisBusy(connection.pointer) == 0 {
            if let pointer = PQgetResult(connection.pointer) {
                ends = 0
                receive(PGResult(pointer))
            } else {
                ends += 1
            }
        }
        if PQstatus(connection.pointer) == CONNECTION_BAD { lose(connection.errorMessage) }
    }

    private func receive(_ result: PGResult) {
        switch result.status {
        case PGRES_PIPELINE_SYNC:
            guard let running else { return }
            if let error = running.error {
                finish(.failure(.server(error)))
                if error.wantsNewConnection { lose(error.description) }
            } else {
                finish(.success(running.results))
            }
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            if let name = takePrepare() {
                prepared.insert(name)
            } else if let running, running.unasked > 0 {
                running.unasked -= 1
            } else {
                running?.results.append(PostgresResult(result: result))
            }
        default:
            if running?.error == nil { running?.error = ServerError(result) }
            _ = takePrepare()
        }
    }

    private func takePrepare() -> String? {
        guard let running, !running.prepares.isEmpty else { return nil }
        return running.prepares.removeFirst()
    }
}
