import EventLoop
import Logging

/// An outage of a server. All connections to it notice it, each in its time; the log has one line when it begins, one where
/// the server cannot be reached again at once, and one when the last of them is back.
@EventLoop
final class Outage {
    private static var ofHosts: [String: Outage] = [:]

    /// The one that all clients of these hosts share.
    static func of(_ options: ConnectionOptions) -> Outage {
        let hosts = options.hosts.map { "\($0.name) \($0.address ?? "") \($0.port)" }.joined(separator: ",")
        if let outage = ofHosts[hosts] { return outage }
        let outage = Outage()
        ofHosts[hosts] = outage
        return outage
    }

    private var away: Set<ObjectIdentifier> = []
    private var isUnreachable = false

    func lost(_ client: PostgresClient, role: String, reason: String, _ logger: Logger) {
        if away.isEmpty {
            logger.warning("database connection lost", metadata: ["connection": "\(role)", "reason": "\(reason)"])
        }
        away.insert(ObjectIdentifier(client))
    }

    func unreachable(_ client: PostgresClient, role: String, reason: String, _ logger: Logger) {
        if !isUnreachable {
            logger.error("database not reachable", metadata: ["connection": "\(role)", "reason": "\(reason)"])
        }
        isUnreachable = true
        away.insert(ObjectIdentifier(client))
    }

    func connected(_ client: PostgresClient, _ logger: Logger) {
        if forget(client) { logger.notice("database connected again") }
    }

    /// - Returns: whether it was the last one that was away.
    @discardableResult
    func forget(_ client: PostgresClient) -> Bool {
        guard away.remove(ObjectIdentifier(client)) != nil, away.isEmpty else { return false }
        isUnreachable = false
        return true
    }
}
