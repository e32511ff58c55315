import CHiredis

/// What Redis answers to a command.
enum RedisReply: Sendable, Equatable {
    case none
    case status(String)
    case bytes([UInt8])
    case integer(Int64)
    case error(String)
    /// An array, which none of our commands asks for.
    case other

    init(_ reply: redisReply) {
        let bytes = reply.str.map { start in
            start.withMemoryRebound(to: UInt8.self, capacity: reply.len) {
                Array(UnsafeBufferPointer(start: $0, count: reply.len))
            }
        }
        switch reply.type {
        case REDIS_REPLY_NIL: self = .none
        case REDIS_REPLY_STRING: self = .bytes(bytes ?? [])
        case REDIS_REPLY_INTEGER: self = .integer(Int64(reply.integer))
        case REDIS_REPLY_STATUS: self = .status(String(decoding: bytes ?? [], as: UTF8.self))
        case REDIS_REPLY_ERROR: self = .error(Self.withoutArguments(bytes ?? []))
        default: self = .other
        }
    }

    /// Some errors quote the command's arguments, session keys among them.
    private static func withoutArguments(_ message: [UInt8]) -> String {
        let quotes = [UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\"")]
        return String(decoding: message.prefix { !quotes.contains($0) && $0 >= 0x20 }.prefix(200), as: UTF8.self)
    }
}
