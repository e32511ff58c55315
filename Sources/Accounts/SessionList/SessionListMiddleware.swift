import EventLoop
import Sessions
import Web

/// Tells the list of sessions who was here. It stands before ``SessionMiddleware``, which has saved the session when a
/// response comes by here. Only the requests count whose view asked for the user.
public struct SessionListMiddleware: Middleware {
    private let list: SessionList

    public init(_ list: SessionList) { self.list = list }

    public func processResponse(_ request: Request, _ response: inout Response) throws -> PendingResponse? {
        guard request.attributes[Authentication.self]?.standing?.user != nil else { return nil }
        return { _ in await list.note(request) }
    }
}

extension SessionList {
    /// Tells the list that the request's user is here, where that is known, and news.
    public nonisolated func note(_ request: Request) async {
        guard let user = request.attributes[Authentication.self]?.standing?.user,
            let key = request.session.sessionKey
        else { return }
        await note(user, key: key, request.meta, now: request.session.now)
    }

    /// Tells the list that a user is here with the session of this key, where that is news: for who has no session with
    /// the request.
    /// - Parameter now: microseconds since 1970-01-01 UTC.
    public func note(_ user: User, key: String, _ meta: Meta, now: Int64) {
        guard counts(key) else { return }
        add(
            SessionVisit(
                key: key, userID: user.id, time: now, address: meta["REMOTE_ADDR"].flatMap { shortAddress($0) },
                device: meta["HTTP_USER_AGENT"].map { deviceFamily(userAgent: $0) }))
    }
}
