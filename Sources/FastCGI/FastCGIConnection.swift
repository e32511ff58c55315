import CLinux
import EventLoop
import Glibc

/// A connection from the web server: one request after the other, each read when it is whole.
///
/// An ordinary request lies in the socket as a whole when the loop first looks, and libfcgi reads it from there. All else
/// (large, slow, split, with records that libfcgi misreads) is collected here and handed to libfcgi in a file in memory.
@EventLoop
final class FastCGIConnection {
    /// Answers up to this size leave through libfcgi straight into the socket, whose buffer has room for them.
    private static let directAnswer = 16384

    private let descriptor: Int32
    private unowned let server: FastCGIServer
    private let request = FCGXRequest()
    private var scanner: RequestScanner
    /// Bytes that were taken from the socket, from the first record that is not whole.
    private var input: [UInt8] = []
    /// The records of the request so far, as libfcgi is to read them; empty while nothing was taken from the socket.
    private var records: [UInt8] = []
    private var output: [UInt8] = []
    private(set) var isBusy = false
    private var isWriting = false
    private var isClosed = false
    /// Whether something happened to the socket while a request was being served.
    private var hasNews = false
    private var closesAfterOutput = false
    private var timer: Timer?

    init(_ descriptor: Int32, server: FastCGIServer) throws(SystemError) {
        self.descriptor = descriptor
        self.server = server
        scanner = RequestScanner(limits: server.limits)
        try watch(for: [])
    }

    private func watch(for more: Events) throws(SystemError) {
        try EventLoop.watch(descriptor, for: more.union([.readable, .closed, .edgeTriggered])) {
            [unowned self] events in
            ready(events)
        }
    }

    /// Closes the socket; an answer under way is dropped.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        timer?.cancel()
        EventLoop.unwatch(descriptor)
        _ = Glibc.close(descriptor)
        server.connectionWasClosed(descriptor)
    }

    private func ready(_ events: Events) {
        if isWriting { flushOutput() }
        guard !isClosed, !events.isDisjoint(with: [.readable, .closed]) else { return }
        if isBusy || isWriting { hasNews = true } else { look() }
    }

    // MARK: Reading

    /// Looks at what lies in the socket, and takes it from there unless it is one whole and plain request.
    private func look() {
        hasNews = false
        guard input.isEmpty, records.isEmpty else { return receive() }
        let buffer = server.buffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_PEEK))
        guard count > 0 else { return count < 0 && errno == EAGAIN ? () : close() }
        var scanner = RequestScanner(limits: server.limits)
        var offset = 0
        while !scanner.isComplete, let record = Record(at: UnsafeRawBufferPointer(rebasing: buffer[offset..<count])),
            case .part = scanner.take(record)
        {
            offset += record.size
        }
        guard scanner.isComplete, scanner.isPlain, offset == count else { return receive() }
        self.scanner = scanner
        serve(request.read(from: descriptor))
    }

    /// Takes what lies in the socket.
    private func receive() {
        let buffer = server.buffer
        while !isClosed, !isBusy, !isWriting {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else {
                if count == 0 || errno != EAGAIN { close() }
                break
            }
            input.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            takeRecords()
        }
        if !isClosed, !isBusy, timer == nil, scanner.hasBegun || !input.isEmpty {
            timer = EventLoop.schedule(after: server.limits.receiving) { [unowned self] in close() }
        }
    }

    /// Takes the whole records out of ``input``, until they make a request.
    private func takeRecords() {
        var offset = 0
        var verdict = RequestScanner.Verdict.ignored
        var isRefused = false
        input.withUnsafeBytes { bytes in
            while !scanner.isComplete, !isRefused,
                let record = Record(at: UnsafeRawBufferPointer(rebasing: bytes[offset...]))
            {
                offset += record.size
                verdict = scanner.take(record)
                switch verdict {
                case .part: Record.append(record.kind, scanner.requestID, record.content, to: &records)
                case .ignored: break
                case .reply(let reply): output += reply
                case .aborted(let reply):
                    output += reply
                    closesAfterOutput = !scanner.keepsConnection
                    startRequest()
                case .refused(let reply):
                    output += reply
                    closesAfterOutput = true
                    isRefused = true
                }
            }
        }
        input.removeFirst(offset)
        if isRefused { input = [] }
        if isRefused || !output.isEmpty { flushOutput() }
        guard !isClosed, !isRefused, scanner.isComplete else { return }
        guard let request = request.read(records: records) else { return close() }
        serve(request)
    }

    /// Forgets the request that was read.
    private func startRequest() {
        scanner = RequestScanner(limits: server.limits)
        records = []
        timer?.cancel()
        timer = nil
    }

    // MARK: Serving

    private func serve(_ received: FastCGIRequest?) {
        guard var received else { return close() }
        received.problem = scanner.problem ?? received.problem
        closesAfterOutput = !scanner.keepsConnection
        startRequest()
        isBusy = true
        EventLoop.start { [self, received] in
            let response = await server.handler(received)
            isBusy = false
            if isClosed { request.abandon() } else { answer(response) }
        }
    }

    private func answer(_ response: [UInt8]) {
        if server.isDraining { closesAfterOutput = true }
        if response.count <= Self.directAnswer, output.isEmpty {
            guard request.finish(response, on: descriptor) else { return close() }
        } else {
            guard let bytes = request.finish(response) else { return close() }
            output += bytes
        }
        flushOutput()
    }

    /// Sends what is left to send, then goes on with the next request.
    private func flushOutput() {
        while !output.isEmpty {
            let count = output.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EAGAIN { return waitForRoom() }
            guard count > 0 else { return close() }
            output.removeFirst(count)
        }
        if isWriting {
            isWriting = false
            timer?.cancel()
            timer = nil
            guard (try? watch(for: [])) != nil else { return close() }
        }
        guard !isBusy else { return }
        if closesAfterOutput { return close() }
        if !input.isEmpty { takeRecords() }
        if hasNews, !isClosed, !isBusy, !isWriting { look() }
    }

    private func waitForRoom() {
        guard !isWriting else { return }
        isWriting = true
        timer?.cancel()
        timer = EventLoop.schedule(after: server.limits.sending) { [unowned self] in close() }
        if (try? watch(for: .writable)) == nil { close() }
    }
}
