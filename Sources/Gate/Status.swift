import Accounts
import DjangoFormat
import Sessions
import Web

extension Gate {
    /// Whose the session is and when it ends, as JSON; asking does not extend it.
    ///
    ///     {"authenticated": true, "id": 7, "username": "alice", "expires": "2026-01-02T03:04:05+00:00", "seconds_left": 1209600}
    ///     {"authenticated": false}
    ///
    /// `expires` and `seconds_left` are null where the engine does not know them: that of a cache.
    func status(_ request: Request) async throws -> Response {
        _ = try request.host()
        let session = sessions.session(of: request)
        var answer: JSONObject = ["authenticated": false]
        if let user = try await accounts.standing(of: session).user {
            answer = ["authenticated": true, "id": .int(Int(user.id)), "username": .string(user.username)]
            let seconds = session.storedExpireDate?.flooredDivision(by: 1_000_000).quotient
            answer["expires"] = seconds.map { .string(ISODate.format($0 * 1_000_000)) } ?? .null
            let now = sessions.now.flooredDivision(by: 1_000_000).quotient
            answer["seconds_left"] = seconds.map { .int(Int(max($0 - now, 0))) } ?? .null
        }
        var response = try Response(JSON.encode(.object(answer)), contentType: "application/json")
        response.addNeverCacheHeaders()
        return response
    }
}
