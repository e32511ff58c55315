import CLinux
import EventLoop
import Glibc

/// A connection from the web server: one request after the other, each read when it is whole.
///
/// An ordinary request lies in the socket as a whole when the loop first looks, and libfcgi reads it from there. All else
/// (large, slow, split, with records that libfcgi misreads) is collected here and handed to libfcgi in a file in memory.
@EventLoop
final class FastCGIConnection {
    /// Answers up to this size leave through libfcgi straight into the socket, which has room for them when it is empty.
    private static let directAnswer = 16384
    /// So many bytes may be sent without a look whether the peer reads them; half of the smallest usual buffer.
    private static let unseen = 32768
    /// What the kernel books for each answer beside its bytes, rounded up. Small answers that nobody reads fill the buffer
    /// by it.
    private static let answerOverhead = 1024
    /// How many steps a connection takes before the others have their turn.
    private static let stepsInTurn = 64

    private let descriptor: Int32
    private let server: FastCGIServer
    private let request = FCGXRequest()
    /// The request that is being received, as far as it was taken from the socket.
    private var scanner: RequestScanner
    /// Bytes that were taken from the socket, from the first record that is not whole.
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    /// Bytes that were sent since the socket's buffer was known to be empty.
    private var sentUnseen = 0
    /// Bytes of the request that is being served.
    private var served = 0
    private(set) var isBusy = false
    /// The task that serves it. It is cancelled where nobody waits for the answer any longer; that ends nothing that must
    /// not end half-way, only work that has not begun: a password's hash that waits for a thread.
    private var serving: Task<Void, Never>?
    private var isWriting = false
    private var isClosed = false
    private var awaitsTurn = false
    /// Whether there may be something to read: edges are told once, so this stays until the socket is known to be empty.
    private var hasNews = false
    private var peerHasClosed = false
    private var closesAfterOutput = false
    private var timer: Timer?
    /// Bytes in memory for this connection.
    private(set) var held = 0 { didSet { server.held += held - oldValue } }

    /// - Throws: ``SystemError``; the descriptor stays with the caller then.
    init(_ descriptor: Int32, server: FastCGIServer) throws(SystemError) {
        self.descriptor = descriptor
        self.server = server
        scanner = server.makeScanner()
        try watch(for: [])
        setTimer(server.limits.receiving)
    }

    private func watch(for more: Events) throws(SystemError) {
        try EventLoop.watch(descriptor, for: more.union([.readable, .closed, .edgeTriggered])) { [self] events in
            if !events.isDisjoint(with: [.readable, .closed]) { hasNews = true }
            if !events.isDisjoint(with: .closed) { peerHasClosed = true }
            if !events.isDisjoint(with: .gone) { serving?.cancel() }
            advance()
        }
    }

    /// Closes the connection, once what is being served or sent is sent.
    func end() {
        if isBusy || isWriting { closesAfterOutput = true } else { close() }
    }

    /// Closes the connection; what is being served or sent is dropped.
    func close() {
        guard !isClosed else { return }
        forget()
        _ = Glibc.close(descriptor)
    }

    /// What remains to be done where libfcgi has closed the descriptor.
    private func forget() {
        isClosed = true
        stopTimer()
        held = 0
        EventLoop.unwatch(descriptor)
        server.connectionWasClosed(descriptor)
    }

    // MARK: Steps

    /// Goes on until it must wait: for the peer, for an answer, or for its next turn.
    private func advance() {
        guard !awaitsTurn else { return }
        var steps = 0
        while !awaitsTurn, step() {
            steps += 1
            if steps == Self.stepsInTurn { awaitTurn() }
        }
        guard !isClosed else { return }
        held = input.count + scanner.size + output.count + served
        server.makeRoom()
        if !isClosed, timer == nil, !isBusy, !input.isEmpty || scanner.hasBegun { setTimer(server.limits.receiving) }
    }

    private func awaitTurn() {
        awaitsTurn = true
        EventLoop.schedule(after: .zero) { [self] in
            awaitsTurn = false
            advance()
        }
    }

    /// - Returns: whether the next step can follow at once.
    private func step() -> Bool {
        guard !isClosed, !isBusy, sendOutput() else { return false }
        if closesAfterOutput {
            close()
            return false
        }
        if scanner.isComplete {
            let isRead = request.read(
                records: scanner.records, bodyLength: scanner.body.count, scratch: server.buffer)
            if isRead { serve() } else { close() }
        } else if !takeRecords() {
            guard hasNews else { return false }
            receive()
        }
        return true
    }

    // MARK: Receiving

    private func receive() {
        if input.isEmpty, !scanner.hasBegun, let whole = wholeRequest() {
            scanner = whole
            // An end that was told together with the request is still to be read.
            hasNews = peerHasClosed
            let isRead = request.read(from: descriptor, bodyLength: whole.body.count, scratch: server.buffer)
            return isRead ? serve() : forget()
        }
        let buffer = server.buffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 {
            input.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        } else if count < 0, errno == EAGAIN {
            hasNews = false
        } else {
            close()
        }
    }

    /// What is known of the request that lies in the socket; nil unless it is whole and plain and nothing is behind it.
    private func wholeRequest() -> RequestScanner? {
        let buffer = server.buffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_PEEK))
        guard count > 0 else { return nil }
        var scanner = server.makeScanner()
        var offset = 0
        while !scanner.isComplete, let record = Record(at: UnsafeRawBufferPointer(rebasing: buffer[offset..<count])),
            case .taken = scanner.take(record), scanner.isPlain
        {
            offset += record.size
        }
        return scanner.isComplete && scanner.isPlain && offset == count ? scanner : nil
    }

    /// Takes the whole records out of ``input``, until they make a request or call for something to be sent.
    /// - Returns: whether they did.
    private func takeRecords() -> Bool {
        if input.isEmpty { return scanner.isComplete || closesAfterOutput || !output.isEmpty }
        var offset = 0
        input.withUnsafeBytes { bytes in
            while !scanner.isComplete, !closesAfterOutput,
                let record = Record(at: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            {
                offset += record.size
                switch scanner.take(record) {
                case .taken: break
                case .reply(let reply): output += reply
                case .aborted(let reply):
                    output += reply
                    closesAfterOutput = !scanner.keepsConnection
                    startRequest()
                case .refused(let reply):
                    output += reply
                    closesAfterOutput = true
                }
            }
        }
        input.removeFirst(offset)
        // An idle connection keeps no memory.
        if input.isEmpty { input = [] }
        return scanner.isComplete || closesAfterOutput || !output.isEmpty
    }

    /// Forgets the request that was read.
    private func startRequest() {
        scanner = server.makeScanner()
        stopTimer()
    }

    // MARK: Serving

    private func serve() {
        let received = FastCGIRequest(scanner)
        closesAfterOutput = !scanner.keepsConnection
        served = scanner.size
        startRequest()
        isBusy = true
        serving = EventLoop.start { [self] in answer(await server.handler(received)) }
    }

    private func answer(_ response: [UInt8]) {
        isBusy = false
        serving = nil
        served = 0
        guard !isClosed else { return request.abandon() }
        if !server.isDraining, response.count <= Self.directAnswer, hasRoom(for: response.count) {
            guard request.finish(response, on: descriptor) else { return forget() }
        } else {
            guard let bytes = request.finish(response) else { return close() }
            output += bytes
            if server.isDraining, !closesAfterOutput { output += Management.farewell }
        }
        advance()
    }

    /// Whether so many bytes fit into the socket's buffer. The kernel is asked only once in a while: whoever sends the
    /// next request has read the last answer, as a rule, and a buffer has room for several.
    private func hasRoom(for count: Int) -> Bool {
        let size = count + Self.answerOverhead
        if sentUnseen + size > Self.unseen {
            var unread: Int32 = 0
            guard ioctl(descriptor, UInt(TIOCOUTQ), &unread) == 0, unread == 0 else { return false }
            sentUnseen = 0
        }
        sentUnseen += size
        return true
    }

    // MARK: Sending

    /// - Returns: whether all is sent.
    private func sendOutput() -> Bool {
        if output.isEmpty { return true }
        while !output.isEmpty {
            let count = output.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EAGAIN {
                waitForRoom()
                return false
            }
            guard count > 0 else {
                close()
                return false
            }
            output.removeFirst(count)
        }
        output = []
        // How much of it is unread only the kernel knows.
        sentUnseen = Self.unseen
        guard isWriting else { return true }
        isWriting = false
        stopTimer()
        return rewatch(for: [])
    }

    private func waitForRoom() {
        guard !isWriting else { return }
        isWriting = true
        setTimer(server.limits.sending)
        _ = rewatch(for: .writable)
    }

    /// - Returns: false where the connection had to be closed.
    private func rewatch(for more: Events) -> Bool {
        do throws(SystemError) {
            try watch(for: more)
            return true
        } catch {
            close()
            return false
        }
    }

    // MARK: Time

    private func setTimer(_ limit: Duration) {
        stopTimer()
        timer = EventLoop.schedule(after: limit) { [unowned self] in close() }
    }

    private func stopTimer() {
        timer?.cancel()
        timer = nil
    }
}
