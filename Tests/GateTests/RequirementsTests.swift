import Testing
import Web

@testable import Accounts
@testable import Gate

@Suite("What a location asks for")
struct RequirementsTests {
    static func parse(_ values: String...) throws(InvalidParameter) -> [Requirements.Requirement] {
        var meta = Meta()
        meta.append("REQUEST_METHOD", "GET")
        for value in values { meta.append("SESSIOND_REQUIRE", value) }
        return try Requirements(meta).all
    }

    @Test("words, in any number of parameters, all count")
    func words() throws {
        #expect(try Self.parse() == [])
        #expect(try Self.parse("user") == [.user])
        #expect(
            try Self.parse(" staff\tgroup:editors\r\n permission:blog.change_post ", "superuser")
                == [.staff, .group("editors"), .permission("blog.change_post"), .superuser])
    }

    @Test("a group's name is percent-encoded where it must be, and may be UTF-8")
    func groupNames() throws {
        #expect(try Self.parse("group:Blog%20editors%2C%20100%25") == [.group("Blog editors, 100%")])
        #expect(try Self.parse("group:Rédaction group:R%C3%A9daction") == [.group("Rédaction"), .group("Rédaction")])
        #expect(try Self.parse("group:a:b") == [.group("a:b")])
    }

    @Test(
        "a mistake is an error that names it",
        arguments: [
            "", " ", "Staff", "staff,superuser", "staf", "staff:", "user:alice", "superuser:1", "group", "group:",
            "group:%", "group:%4", "group:%zz", "group:a%", "group:%ff", "permission", "permission:", "permission:blog",
            "permission:.change", "permission:blog.", "permission:%", "perm:blog.change", "*", "user staff x",
            "group:%25%", "\0",
        ])
    func mistakes(_ text: String) throws {
        let error = #expect(throws: InvalidParameter.self) { try Self.parse(text) }
        #expect(error?.description.hasPrefix("SESSIOND_REQUIRE: ") == true)
        #expect(throws: InvalidParameter.self) { try Self.parse("user", text) }
        if let word = text.split(separator: " ").last, word != "\0" {
            #expect(error?.description.contains(": \(word) is none of") == true)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let user: User
        let passes: Set<String>
    }

    static let asked = [
        "user", "staff", "superuser", "group:editors", "group:cafe\u{301}", "permission:blog.change",
        "permission:blog.add",
        "staff group:editors", "staff permission:blog.change",
    ]

    static let rows = [
        Row(testDescription: "a plain user", user: User(id: 1, username: "a", password: ""), passes: ["user"]),
        Row(
            testDescription: "an editor", user: User(id: 2, username: "a", password: ""),
            passes: ["user", "group:editors", "permission:blog.change"]),
        Row(
            testDescription: "an editor of the staff", user: User(id: 2, username: "a", password: "", isStaff: true),
            passes: [
                "user", "staff", "group:editors", "permission:blog.change", "staff group:editors",
                "staff permission:blog.change",
            ]),
        Row(
            testDescription: "a superuser, who has all permissions and is in no group by that, nor staff",
            user: User(id: 3, username: "a", password: "", isSuperuser: true),
            passes: ["user", "superuser", "permission:blog.change", "permission:blog.add"]),
        Row(
            testDescription: "an inactive superuser, staff and editor",
            user: User(id: 2, username: "a", password: "", isActive: false, isStaff: true, isSuperuser: true),
            passes: []),
    ]

    @Test("who passes", arguments: rows)
    func passes(_ row: Row) throws {
        let isEditor = row.user.id == 2
        let access = UserAccess(
            user: row.user, groups: isEditor ? ["caf\u{e9}", "editors"] : [],
            permissions: isEditor ? ["blog.change"] : [])
        for words in Self.asked {
            var meta = Meta()
            meta.append("SESSIOND_REQUIRE", words)
            let requirements = try Requirements(meta)
            let hold = requirements.hold(for: row.user, requirements.needAccess ? access : nil)
            #expect(hold == row.passes.contains(words), "\(words)")
            if requirements.needAccess, !row.user.isSuperuser { #expect(!requirements.hold(for: row.user, nil)) }
        }
    }
}

@Suite("Who it is, in a header")
struct IdentityTests {
    @Test("names of Django's own rule stay as they are, all else is percent-encoded")
    func encoding() {
        #expect(Identity.encode("alice.B-c_d@example.org") == "alice.B-c_d@example.org")
        #expect(Identity.encode("a+b") == "a%2Bb")
        #expect(Identity.encode("a\r\nX-Auth-Staff: true") == "a%0D%0AX-Auth-Staff%3A%20true")
        #expect(Identity.encode("a,b c%") == "a%2Cb%20c%25")
        #expect(Identity.encode("é✓") == "%C3%A9%E2%9C%93")
        #expect(Identity.encode("\0\u{7f}\"';=") == "%00%7F%22%27%3B%3D")
    }

    @Test("whatever the names, there is one header of each kind, and as many groups as there are")
    func headers() throws {
        let user = User(id: 7, username: "x\r\nX-Auth-User: root", password: "hash", isStaff: true)
        let groups = ["a,b", "c\nd", "", "é"]
        var response = Response(status: 204)
        try Identity(user: user, groups: groups).describe(in: &response)
        let lines = String(decoding: response.serialize(), as: UTF8.self).split(separator: "\r\n")
        #expect(
            lines == [
                "Status: 204 No Content", "X-Auth-User: x%0D%0AX-Auth-User%3A%20root", "X-Auth-User-Id: 7",
                "X-Auth-Staff: true", "X-Auth-Groups: a%2Cb,c%0Ad,,%C3%A9",
            ])
        var other = Response(status: 204)
        try Identity(user: user, groups: nil).describe(in: &other)
        #expect(other.header("X-Auth-Groups") == nil)
    }

    @Test("an Authorizer's variables say the same")
    func variables() throws {
        var response = Response()
        try Identity(user: User(id: 7, username: "é", password: ""), groups: []).describeAsVariables(in: &response)
        #expect(response.header("Variable-REMOTE_USER") == "%C3%A9")
        #expect(response.header("Variable-AUTH_USER") == "%C3%A9")
        #expect(response.header("Variable-AUTH_USER_ID") == "7")
        #expect(response.header("Variable-AUTH_STAFF") == "false")
        #expect(response.header("Variable-AUTH_GROUPS") == "")
    }
}
