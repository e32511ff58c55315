import Accounts
import Web

/// Who passed the gate, in the form in which headers carry it.
///
/// Names are percent-encoded UTF-8 (RFC 3986; `decodeURIComponent`, Python's `urllib.parse.unquote`): all but letters,
/// digits and `-._~@`. So no name can begin another header, and none splits the list of groups at its commas; `+` is encoded
/// too, because some decoders take it for a blank. A name that Django allows and has no `+` stands there as it is, if it is
/// ASCII.
struct Identity {
    let user: User
    /// nil where nobody asked for them.
    let groups: [String]?

    private static let safe = ASCIISet(ASCIISet.alwaysSafe + "@")

    static func encode(_ name: String) -> String { quote(name.utf8, safe: safe) }

    /// Sets `X-Auth-User`, `X-Auth-User-Id`, `X-Auth-Staff`, `X-Auth-Groups`.
    func describe(in response: inout Response) throws(BadHeaderError) {
        try response.setHeader("X-Auth-User", Self.encode(user.username))
        try response.setHeader("X-Auth-User-Id", String(user.id))
        try response.setHeader("X-Auth-Staff", user.isStaff ? "true" : "false")
        if let groupList { try response.setHeader("X-Auth-Groups", groupList) }
    }

    /// Sets them as an Authorizer does: the server hands `AUTH_USER` and so on to what makes the page.
    func describeAsVariables(in response: inout Response) throws(BadHeaderError) {
        let name = Self.encode(user.username)
        try response.setHeader("Variable-REMOTE_USER", name)
        try response.setHeader("Variable-AUTH_USER", name)
        try response.setHeader("Variable-AUTH_USER_ID", String(user.id))
        try response.setHeader("Variable-AUTH_STAFF", user.isStaff ? "true" : "false")
        if let groupList { try response.setHeader("Variable-AUTH_GROUPS", groupList) }
    }

    private var groupList: String? { groups.map { $0.map(Self.encode).joined(separator: ",") } }
}
