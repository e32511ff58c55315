import Accounts
import DjangoFormat
import Sessions
import Web

/// The user's sessions, each with a button that ends it, and one that ends all but this.
func sessionsView(_ request: Request) async throws -> Response {
    let list = try await sessionList(request)
    guard let user = try await request.user else {
        return try .redirectToLogin(request, loginURL: request.accounts.settings.loginURL)
    }
    if request.method == "POST" {
        // What was ended before, by another page of the same user, is as good as ended now.
        _ = try await endSessions(request, user, list)
        return try .redirect(to: request.path)
    }
    let sessions = try await ownSessions(request, user, list)
    let context: TemplateContext = [
        "username": .string(user.username),
        "sessions": .list(sessions.map { TemplateValue($0, isCurrent: $0.isSession(of: request.session)) }),
        "has_others": .bool(sessions.contains { !$0.isSession(of: request.session) }),
    ]
    return try render(request, "sessions.html", context)
}

/// The same for programs: `{"sessions": [...]}`, also as the answer to a POST. 401 for who is not logged in, 404 for a
/// session to end that is none of the user's.
func sessionsJSON(_ request: Request) async throws -> Response {
    let list = try await sessionList(request)
    guard let user = try await request.user else { return try json(["detail": "not logged in"], status: 401) }
    if request.method == "POST" {
        guard try await endSessions(request, user, list) else {
            return try json(["detail": "there is no such session"], status: 404)
        }
        // It may have been the one that the request came with.
        guard try await request.user != nil else { return try json(["sessions": []]) }
    }
    let sessions = try await ownSessions(request, user, list)
    let objects = sessions.map { listed in
        var object = listed.json
        object["current"] = .bool(listed.isSession(of: request.session))
        return JSONValue.object(object)
    }
    return try json(["sessions": .array(objects)])
}

// MARK: What both do

private func sessionList(_ request: Request) async throws -> SessionList {
    guard let list = await request.accounts.sessionList else { throw HTTPError.notFound }
    return list
}

private func ownSessions(_ request: Request, _ user: User, _ list: SessionList) async throws -> [ListedSession] {
    await list.note(request)
    guard let sessions = try await list.sessions(of: user) else { throw HTTPError.notFound }
    return sessions
}

/// Ends the session that the field `end` names, or with `others` all but the one of the request.
/// - Returns: false where the user has no such session.
private func endSessions(_ request: Request, _ user: User, _ list: SessionList) async throws -> Bool {
    let target = try request.post()["end"] ?? ""
    guard target != "others" else {
        guard try await list.endAll(of: user, except: request.session.sessionKey) != nil else {
            throw HTTPError.notFound
        }
        return true
    }
    let sessions = try await ownSessions(request, user, list)
    guard let session = sessions.first(where: { $0.id.utf8.elementsEqual(target.utf8) }) else { return false }
    if session.isSession(of: request.session) {
        try await logout(request)
    } else {
        try await list.end([session], of: user)
    }
    return true
}

private func json(_ object: JSONObject, status: Int = 200) throws -> Response {
    var response = try Response(try JSON.encode(.object(object)), contentType: "application/json")
    response.status = status
    return response
}

extension TemplateValue {
    fileprivate init(_ session: ListedSession, isCurrent: Bool) {
        self = .dictionary([
            "id": .string(session.id), "is_current": .bool(isCurrent),
            "created": session.created.map { Self.moment($0) } ?? .none, "last_seen": Self.moment(session.lastSeen),
            "address": session.address.map { .string($0) } ?? .none,
            "device": .string(session.device ?? "unknown"),
        ])
    }

    /// A moment as machines and as people read it.
    private static func moment(_ time: Int64) -> TemplateValue {
        .dictionary(["iso": .string(ListedSession.isoDate(time)), "text": .string(ListedSession.shortDate(time))])
    }
}
