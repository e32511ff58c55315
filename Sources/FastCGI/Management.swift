/// The records that the worker answers without libfcgi, whose own answer to repeated names overruns its buffer.
enum Management {
    enum ProtocolStatus: UInt8 {
        case complete = 0
        case cannotMultiplex = 1
        case unknownRole = 3
    }

    /// The answer to a record of request 0.
    static func reply(to record: Record) -> [UInt8] {
        var reply: [UInt8] = []
        guard record.kind == Record.Kind.getValues else {
            Record.append(Record.Kind.unknownType, 0, [record.kind, 0, 0, 0, 0, 0, 0, 0], to: &reply)
            return reply
        }
        var values: [UInt8] = []
        var reader = PairReader(record.content)
        var asked: Set<String> = []
        while let (name, _) = reader.next() { asked.insert(String(decoding: record.content[name], as: UTF8.self)) }
        for (name, value) in [("FCGI_MAX_CONNS", "10000"), ("FCGI_MAX_REQS", "10000"), ("FCGI_MPXS_CONNS", "0")]
        where asked.contains(name) {
            values += [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
        }
        Record.append(Record.Kind.getValuesResult, 0, values, to: &reply)
        return reply
    }

    /// What follows the last answer on a connection that is to be kept no longer.
    ///
    /// A server that closes a kept connection can meet a request already on its way, and nginx does not send a POST
    /// twice. So the web server is to close it, and nginx does where bytes follow an answer that belong to no request.
    static let farewell: [UInt8] = {
        var record: [UInt8] = []
        Record.append(Record.Kind.unknownType, 0, [UInt8](repeating: 0, count: 8), to: &record)
        return record
    }()

    static func endRequest(_ requestID: UInt16, _ status: ProtocolStatus) -> [UInt8] {
        var reply: [UInt8] = []
        Record.append(Record.Kind.endRequest, requestID, [0, 0, 0, 0, status.rawValue, 0, 0, 0], to: &reply)
        return reply
    }
}
