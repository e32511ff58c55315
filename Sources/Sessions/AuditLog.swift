import DjangoFormat
import Logging

/// What becomes of sessions, a line of a log of its own for each event. It never holds a session's key: a keyed hash stands
/// for it, by which the lines of one session are found, and which nobody can turn back into a key.
public struct AuditLog: Sendable {
    /// The label of its logger.
    public static let label = "sessiond.audit"

    /// What can happen.
    public struct Event: Sendable {
        let message: Logger.Message
        let level: Logger.Level

        /// - Parameters:
        ///   - message: a fixed text.
        ///   - mayFlood: whether anybody can bring it about as often as he likes; a log that bounds repetitions by their
        ///     level can tell by it.
        public init(_ message: Logger.Message, mayFlood: Bool = false) {
            self.message = message
            level = mayFlood ? .notice : .info
        }

        /// A session was stored under a new key.
        static let created = Event("session created")
        /// It moved to a new key, from the one that `from` names.
        static let cycled = Event("session cycled")
        /// It was ended.
        static let flushed = Event("session flushed")
        /// A key was ended that may never have been a session's: nobody has looked.
        static let flushedUnseen = Event("session flushed", mayFlood: true)
        /// A request came with the key of a session whose time has passed.
        static let expired = Event("session expired", mayFlood: true)
        /// A request came with a key that no session has.
        static let refused = Event("session refused", mayFlood: true)
        /// What is stored cannot be read, and counts as nothing.
        static let corrupted = Event("session corrupted", mayFlood: true)
    }

    private let logger: Logger
    private let hash: SaltedHMAC

    /// - Parameter secretKey: the hashes are keyed by it.
    public init(secretKey: String, logger: Logger = Logger(label: AuditLog.label)) {
        self.logger = logger
        hash = SaltedHMAC(salt: "sessiond.audit", secretKey: secretKey)
    }

    /// - Parameters:
    ///   - session: the key of the session that it happened to.
    ///   - old: the key that it had before.
    ///   - details: what else there is to know; it may hold texts of a peer's, but no secret.
    public func note(_ event: Event, session: String?, from old: String? = nil, _ details: Logger.Metadata = [:]) {
        var details = details
        if let session { details["session"] = .string(name(of: session)) }
        if let old { details["from"] = .string(name(of: old)) }
        logger.log(level: event.level, event.message, metadata: details)
    }

    /// What stands for a session: 16 hexadecimal digits.
    func name(of key: String) -> String { hash.hexDigest(of: key, digits: 16) }
}
