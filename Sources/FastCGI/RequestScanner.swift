import Glibc
import Web

/// Reads the records of one request before libfcgi does.
///
/// libfcgi blocks on a request that is not whole, aborts on some that are malformed and misreads others, so it is given
/// only what this scanner has found to be one whole and plain request, or ``records``, which are made to be one.
struct RequestScanner {
    enum Verdict {
        /// Nothing is to be answered.
        case taken
        /// To be answered with these bytes.
        case reply([UInt8])
        /// The web server gave the request up; answered with these bytes.
        case aborted([UInt8])
        /// Not FastCGI, or not what this program serves: the connection is to be closed, after this answer.
        case refused([UInt8])
    }

    private enum Phase { case begin, parameters, body, complete }

    private let limits: FastCGILimits
    private let takesAuthorizers: Bool
    private var phase = Phase.begin
    private var parameters: [UInt8] = []
    private var entries: [Meta.Entry] = []
    private(set) var body: [UInt8] = []
    private var receivedBody = 0
    private(set) var role = FastCGIRole.responder
    private(set) var requestID: UInt16 = 0
    private(set) var keepsConnection = false
    private(set) var problem: FastCGIRequest.Problem?
    /// Whether libfcgi would read the records rightly just as they came.
    private(set) var isPlain = true

    /// - Parameter takesAuthorizers: whether requests of that role are served.
    init(limits: FastCGILimits, takesAuthorizers: Bool = false) {
        self.limits = limits
        self.takesAuthorizers = takesAuthorizers
    }

    var isComplete: Bool { phase == .complete }
    var hasBegun: Bool { phase != .begin }
    /// The CGI variables, without those past the limit.
    var meta: Meta { Meta(bytes: parameters, entries: entries) }
    /// Bytes that are held here.
    var size: Int { parameters.count + body.count + entries.count * MemoryLayout<Meta.Entry>.stride }

    /// The request so far, as libfcgi is to read it: without padding, in few records, without what is past the limits. The
    /// role makes no difference to it.
    var records: [UInt8] {
        var records: [UInt8] = []
        let bytes = parameters.count + body.count
        records.reserveCapacity(bytes + bytes / 256 + 64)
        let flags: UInt8 = keepsConnection ? 1 : 0
        Record.append(Record.Kind.beginRequest, requestID, [0, 1, flags, 0, 0, 0, 0, 0], to: &records)
        Record.append(stream: Record.Kind.parameters, requestID, parameters, to: &records)
        Record.append(stream: Record.Kind.body, requestID, body, to: &records)
        return records
    }

    mutating func take(_ record: Record) -> Verdict {
        guard record.version == 1 else { return .refused([]) }
        guard record.requestID != 0 else {
            isPlain = false
            return .reply(Management.reply(to: record))
        }
        if phase == .begin { return begin(record) }
        guard record.requestID == requestID else {
            isPlain = false
            guard record.kind == Record.Kind.beginRequest else { return .taken }
            return .reply(Management.endRequest(record.requestID, .cannotMultiplex))
        }
        // An empty record with padding, which libfcgi misreads.
        if record.content.isEmpty, record.paddingLength > 0 { isPlain = false }
        switch (record.kind, phase) {
        case (Record.Kind.parameters, .parameters): return takeParameters(record.content)
        case (Record.Kind.body, .body): return takeBody(record.content)
        case (Record.Kind.abortRequest, _): return .aborted(Management.endRequest(requestID, .complete))
        case (Record.Kind.beginRequest, _), (Record.Kind.parameters, _), (Record.Kind.body, _): return .refused([])
        default:
            isPlain = false
            return .taken
        }
    }

    private mutating func begin(_ record: Record) -> Verdict {
        // A late abort of a request that was answered, or the end of a body, which some servers send to an Authorizer too.
        let isLate =
            record.kind == Record.Kind.abortRequest
            || takesAuthorizers && record.kind == Record.Kind.body && record.content.isEmpty
        if isLate {
            isPlain = false
            return .taken
        }
        guard record.kind == Record.Kind.beginRequest, record.content.count == 8 else { return .refused([]) }
        guard record.content[0] == 0, let role = FastCGIRole(rawValue: record.content[1]),
            role == .responder || takesAuthorizers
        else { return .refused(Management.endRequest(record.requestID, .unknownRole)) }
        self.role = role
        // Nothing follows its parameters, and libfcgi would wait for a body.
        if role == .authorizer { isPlain = false }
        // libfcgi takes this record's padding for the next one.
        if record.paddingLength > 0 { isPlain = false }
        requestID = record.requestID
        keepsConnection = record.content[2] & 1 != 0
        phase = .parameters
        return .taken
    }

    private mutating func takeParameters(_ content: UnsafeRawBufferPointer) -> Verdict {
        if content.isEmpty {
            guard problem != nil || checkParameters() else { return .refused([]) }
            phase = role == .authorizer ? .complete : .body
            return .taken
        }
        if problem == nil, parameters.count + content.count <= limits.parameters {
            parameters.append(contentsOf: content)
        } else {
            // All are dropped: what is left would end within a pair, or go on within one.
            parameters = []
            problem = .parametersTooLarge
            isPlain = false
        }
        return .taken
    }

    /// - Returns: false where a length reaches past the end.
    private mutating func checkParameters() -> Bool {
        entries.reserveCapacity(32)
        let isWhole = parameters.withUnsafeBytes { bytes in
            var reader = PairReader(bytes)
            while let entry = reader.next() {
                // libfcgi makes C strings "name=value" of them.
                let isClean =
                    !entry.name.isEmpty && !bytes.has(UInt8(ascii: "="), in: entry.name)
                    && !bytes.has(0, in: entry.name.lowerBound..<entry.value.upperBound)
                if !isClean { problem = .malformed }
                entries.append(entry)
            }
            return !reader.isCut
        }
        return isWhole
    }

    private mutating func takeBody(_ content: UnsafeRawBufferPointer) -> Verdict {
        if content.isEmpty {
            phase = .complete
            return .taken
        }
        receivedBody += content.count
        guard receivedBody <= limits.body else {
            body = []
            problem = problem ?? .bodyTooLarge
            isPlain = false
            return receivedBody <= limits.discardedBody ? .taken : .refused([])
        }
        body.append(contentsOf: content)
        return .taken
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func has(_ byte: UInt8, in range: Range<Int>) -> Bool {
        guard let baseAddress else { return false }
        return memchr(baseAddress + range.lowerBound, Int32(byte), range.count) != nil
    }
}
