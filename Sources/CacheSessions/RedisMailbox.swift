import CHiredis

/// What hiredis asks its event loop for, and what it reports.
///
/// Its C callbacks only note it here; the connection looks after each call into hiredis. So nothing of ours runs in the
/// middle of hiredis, and the callbacks need no actor.
final class RedisMailbox {
    fileprivate(set) var wantsRead = false
    fileprivate(set) var wantsWrite = false
    /// Whether hiredis has freed its context, as it does by itself at the connection's end.
    fileprivate(set) var isFreed = false
    fileprivate(set) var failure: String?
    private var replies: [RedisReply] = []

    /// The replies that came since the last call, in the order of their commands.
    func takeReplies() -> [RedisReply] {
        defer { replies.removeAll(keepingCapacity: true) }
        return replies
    }

    /// Makes hiredis write here. The mailbox outlives the context: the connection owns both.
    func attach(to context: UnsafeMutablePointer<redisAsyncContext>) {
        let address = Unmanaged.passUnretained(self).toOpaque()
        context.pointee.data = address
        context.pointee.ev.data = address
        context.pointee.ev.addRead = { mailbox($0)?.wantsRead = true }
        context.pointee.ev.delRead = { mailbox($0)?.wantsRead = false }
        context.pointee.ev.addWrite = { mailbox($0)?.wantsWrite = true }
        context.pointee.ev.delWrite = { mailbox($0)?.wantsWrite = false }
        context.pointee.ev.cleanup = { mailbox($0)?.isFreed = true }
        redisAsyncSetConnectCallback(context, connected)
        redisAsyncSetDisconnectCallback(context, disconnected)
    }

    fileprivate func receive(_ reply: redisReply) { replies.append(RedisReply(reply)) }
}

/// hiredis' callback for the reply to a command; without one the connection is at its end.
func redisReplied(
    _ context: UnsafeMutablePointer<redisAsyncContext>?, _ reply: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?
) {
    guard let reply else { return }
    mailbox(context?.pointee.data)?.receive(reply.load(as: redisReply.self))
}

private func mailbox(_ address: UnsafeMutableRawPointer?) -> RedisMailbox? {
    address.map { Unmanaged<RedisMailbox>.fromOpaque($0).takeUnretainedValue() }
}

private func connected(_ context: UnsafePointer<redisAsyncContext>?, _ status: Int32) {
    guard status != REDIS_OK, let context, let mailbox = mailbox(context.pointee.data) else { return }
    mailbox.failure = redisErrorText(context)
}

private func disconnected(_ context: UnsafePointer<redisAsyncContext>?, _ status: Int32) {
    guard let context, let mailbox = mailbox(context.pointee.data) else { return }
    mailbox.failure = redisErrorText(context)
}

/// hiredis' words for what went wrong; those of a connection that was never made stand in another place.
func redisErrorText(_ context: UnsafePointer<redisAsyncContext>) -> String {
    if context.pointee.err != 0, let text = context.pointee.errstr { return String(cString: text) }
    guard context.pointee.c.err != 0 else { return "the connection was closed" }
    return withUnsafeBytes(of: context.pointee.c.errstr) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
