import CHiredis
import DequeModule
import EventLoop
import Glibc

/// A connection to one Redis server: hiredis' asynchronous API, watched by the event loop. Commands are sent as they come,
/// without waiting for the answers to those before them.
@EventLoop
final class RedisConnection {
    private struct Waiting {
        let deadline: ContinuousClock.Instant
        let caller: CheckedContinuation<Result<RedisReply, CacheError>, Never>
    }

    /// What is left of a command's time at the least when it is sent: one that is not answered in time costs all others
    /// their connection.
    private static let leastTime = Duration.milliseconds(100)

    /// hiredis' own, of no more use once the mailbox says that it is freed.
    private let context: UnsafeMutablePointer<redisAsyncContext>
    private let mailbox = RedisMailbox()
    private let descriptor: Int32
    private var watched: Events = []
    private var waiting: Deque<Waiting> = []
    private var isTimed = false
    private var loss: String?
    /// Told of the loss, before those who wait for an answer.
    var whenLost: ((String) -> Void)?

    var isOpen: Bool { loss == nil }

    /// Begins to connect to a numeric address or a Unix socket; ``open(_:deadline:)`` tells how it went.
    init(_ address: RedisOptions.Address) throws(CacheError) {
        // hiredis writes without MSG_NOSIGNAL; libfcgi ignores the signal too.
        signal(SIGPIPE, SIG_IGN)
        let made =
            switch address {
            case .host(let numeric, let port): redisAsyncConnect(numeric, port)
            case .unix(let path): redisAsyncConnectUnix(path)
            }
        guard let made else { throw .connectionLost("out of memory") }
        guard made.pointee.err == 0 else {
            defer { redisAsyncFree(made) }
            throw .connectionLost(redisErrorText(made))
        }
        context = made
        descriptor = made.pointee.c.fd
        mailbox.attach(to: made)
        watch()
    }

    isolated deinit { close() }

    /// Names the user and the database, and waits until Redis has agreed.
    func open(_ options: RedisOptions, deadline: ContinuousClock.Instant) async throws(CacheError) {
        if let password = options.password {
            try await confirm(["AUTH"] + (options.user.map { [$0] } ?? []) + [password], deadline: deadline)
        }
        if options.database != 0 { try await confirm(["SELECT", String(options.database)], deadline: deadline) }
        try await confirm(["PING"], deadline: deadline)
    }

    private func confirm(_ command: [String], deadline: ContinuousClock.Instant) async throws(CacheError) {
        if case .error(let text) = try await send(command.map { Array($0.utf8) }, deadline: deadline) {
            throw .server(text)
        }
    }

    /// Sends a command and waits for its answer, an error included.
    func send(_ command: [[UInt8]], deadline: ContinuousClock.Instant) async throws(CacheError) -> RedisReply {
        let outcome = await withCheckedContinuation {
            (caller: CheckedContinuation<Result<RedisReply, CacheError>, Never>) in
            if let loss { return caller.resume(returning: .failure(.connectionLost(loss))) }
            guard deadline - .now > Self.leastTime else {
                return caller.resume(returning: .failure(.connectionLost("no time was left to ask Redis")))
            }
            guard write(command) else {
                lose("hiredis does not take the command")
                return caller.resume(returning: .failure(.connectionLost("hiredis does not take the command")))
            }
            waiting.append(Waiting(deadline: deadline, caller: caller))
            startTimer()
            look()
        }
        return try outcome.get()
    }

    private func write(_ command: [[UInt8]]) -> Bool {
        // hiredis copies the arguments before it returns.
        let joined = command.flatMap(\.self) + [0]
        let lengths = command.map(\.count)
        return joined.withUnsafeBytes { bytes in
            var offset = 0
            var starts: [UnsafePointer<CChar>?] = []
            for length in lengths {
                starts.append(bytes.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self))
                offset += length
            }
            return redisAsyncCommandArgv(context, redisReplied, nil, Int32(clamping: lengths.count), &starts, lengths)
                == REDIS_OK
        }
    }

    /// Ends the connection; whoever waits gets `reason`.
    func lose(_ reason: String) {
        guard isOpen else { return }
        loss = reason
        close()
        whenLost?(reason)
        let left = waiting
        waiting = []
        for waiting in left { waiting.caller.resume(returning: .failure(.connectionLost(reason))) }
    }

    private func close() {
        if !watched.isEmpty { EventLoop.unwatch(descriptor) }
        watched = []
        if !mailbox.isFreed { redisAsyncFree(context) }
    }

    // MARK: Events

    private func ready(_ events: Events) {
        if mailbox.wantsRead, !events.isDisjoint(with: [.readable, .closed]) { redisAsyncHandleRead(context) }
        if !mailbox.isFreed, mailbox.wantsWrite, !events.isDisjoint(with: [.writable, .closed]) {
            redisAsyncHandleWrite(context)
        }
        look()
    }

    /// Does what hiredis has noted.
    private func look() {
        for reply in mailbox.takeReplies() { waiting.popFirst()?.caller.resume(returning: .success(reply)) }
        if mailbox.isFreed { lose(mailbox.failure ?? "the connection was closed") } else if isOpen { watch() }
    }

    private func watch() {
        let wanted: Events = [mailbox.wantsRead ? .readable : [], mailbox.wantsWrite ? .writable : []]
        guard wanted != watched else { return }
        watched = wanted
        guard !wanted.isEmpty else { return EventLoop.unwatch(descriptor) }
        do throws(SystemError) {
            try EventLoop.watch(descriptor, for: wanted) { [weak self] events in self?.ready(events) }
        } catch {
            watched = []
            lose("\(error)")
        }
    }

    // MARK: Time

    /// The oldest command is answered first, so its deadline is looked at alone.
    private func startTimer() {
        guard !isTimed, let first = waiting.first else { return }
        isTimed = true
        EventLoop.schedule(after: first.deadline - ContinuousClock.now) { [weak self] in
            guard let self else { return }
            isTimed = false
            guard let first = waiting.first else { return }
            if first.deadline <= ContinuousClock.now { lose("Redis did not answer in time") } else { startTimer() }
        }
    }
}
