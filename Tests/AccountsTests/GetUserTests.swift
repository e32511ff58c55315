import DjangoFormat
import EventLoop
import Sessions
import TestSupport
import Testing
import Web

@testable import Accounts

/// Django's `TestGetUser`, and the rest of what `get_user` does.
@Suite("Whose a session is")
struct GetUserTests {
    @Test("get user anonymous")
    func anonymous() async throws {
        try await onSite { site in
            for key in [nil, "unknownkey", try await site.engine.stored()] {
                #expect(try await site.request(key).user == nil)
            }
        }
    }

    @Test("get user")
    func getUser() async throws {
        try await onSite { site in
            let created = try await site.createUser("testuser", isStaff: true)
            let request = try site.request(try await site.loggedIn(created))
            let user = try await request.user
            let found = try #require(user)
            #expect(found.id == created.id && found.username == "testuser" && found.isStaff && !found.isSuperuser)
            #expect(!request.session.modified)
        }
    }

    @Test("get user fallback secret")
    func fallbackSecret() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let key = try await site.loggedIn(user)
            let newer = try site.accounts { ($0.secretKey, $0.secretKeyFallbacks) = ("newsecret", [testSecretKey]) }
            let request = try site.request(key, newer)
            #expect(try await request.user?.username == "testuser")
            let response = try await site.respond(request, newer)
            #expect(request.session.sessionKey != key && response.cookies.map(\.name) == ["sessionid"])
            #expect(try await !request.session.exists(key))

            // The fallback is gone: what the session holds is of the current key.
            let newest = try site.accounts { $0.secretKey = "newsecret" }
            let again = try site.request(request.session.sessionKey, newest)
            #expect(try await again.user?.username == "testuser")
            #expect(!again.session.modified)
            for accounts in [newer, newest] { accounts.close() }
        }
    }

    @Test("an older secret's session that another request has moved or ended counts for who began before, and is gone")
    func renewedMeanwhile() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let newer = try site.accounts { ($0.secretKey, $0.secretKeyFallbacks) = ("newsecret", [testSecretKey]) }
            for isLogout in [false, true] {
                let key = try await site.loggedIn(user)
                let late = try site.request(key, newer)
                #expect(try await late.user?.id == user.id)
                let other = try site.request(key, newer)
                #expect(try await other.user?.id == user.id)
                if isLogout { try await logout(other) } else { try await site.respond(other, newer) }
                let count = try await site.database.number("SELECT count(*) FROM django_session")
                let response = try await site.respond(late, newer)
                #expect(!late.session.modified && late.session.sessionKey == key && response.cookies.isEmpty)
                #expect(try await site.database.number("SELECT count(*) FROM django_session") == count)
                try await late.session.set("a", to: 1)
                await #expect(throws: SessionStoreError.keyGone) { try await site.respond(late, newer) }
            }
            newer.close()
        }
    }

    @Test("an older secret's session is left as it is by a view that fails, by a logout and by a login")
    func notRenewed() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let newer = try site.accounts { ($0.secretKey, $0.secretKeyFallbacks) = ("newsecret", [testSecretKey]) }
            let key = try await site.loggedIn(user)
            let failed = try site.request(key, newer)
            #expect(try await failed.user?.id == user.id)
            try await site.respond(failed, newer, status: 500)
            #expect(failed.session.sessionKey == key && !failed.session.isToBeRenewed)

            let loggedOut = try site.request(key, newer)
            try await logout(loggedOut)
            try await site.respond(loggedOut, newer)
            #expect(loggedOut.session.isEmpty)

            let loggedIn = try site.request(try await site.loggedIn(user), newer)
            #expect(try await loggedIn.user?.id == user.id)
            try await login(loggedIn, user)
            #expect(try await site.respond(loggedIn, newer).cookies.count == 1)
            #expect(!loggedIn.session.isToBeRenewed)
            #expect(try await site.request(loggedIn.session.sessionKey, newer).user?.id == user.id)
            newer.close()
        }
    }

    @Test("another password ends the session")
    func changedPassword() async throws {
        try await onSite { site in
            let key = try await site.loggedIn(try await site.createUser("testuser"))
            try await site.database.run("UPDATE auth_user SET password = 'pbkdf2_sha256$10$salt$two'")
            let request = try site.request(key)
            #expect(try await request.user == nil)
            #expect(request.session.isEmpty)
            #expect(try await !request.session.exists(key))
        }
    }

    @Test("a hash that is missing or no text ends the session", arguments: [nil, "", 5, JSONValue.null, ["x"]])
    func oddHash(hash: JSONValue?) async throws {
        try await onSite { site in
            let key = try await site.loggedIn(try await site.createUser("testuser"))
            let session = site.engine.session(key)
            try await session.pop("_auth_user_hash")
            if let hash { try await session.set("_auth_user_hash", to: hash) }
            try await session.save()
            #expect(try await site.request(key).user == nil)
            #expect(try await !site.engine.session(nil).exists(key))
        }
    }

    @Test("who is gone or inactive is nobody, and the session stays as it is")
    func goneOrInactive() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let key = try await site.loggedIn(user)
            try await site.database.run("UPDATE auth_user SET is_active = false")
            let data = try await site.database.data(key)
            #expect(try await site.request(key).user == nil)
            try await site.database.run("UPDATE auth_user SET is_active = true")
            #expect(try await site.request(key).user?.id == user.id)
            try await site.database.run("DELETE FROM auth_user")
            #expect(try await site.request(key).user == nil)
            #expect(try await site.database.data(key) == data)
        }
    }

    @Test("changed backend settings")
    func changedBackends() async throws {
        try await onSite(changing: { $0.backends = ["auth_tests.NewModelBackend"] }) { site in
            let user = try await site.createUser("testuser")
            let key = try await site.loggedIn(user)
            let accounts = try site.accounts { _ in }
            let request = try site.request(key, accounts)
            #expect(try await request.user == nil)
            #expect(!request.session.modified)
            #expect(try await site.request(key).user?.id == user.id)
            accounts.close()
        }
    }

    @Test("the user is read once a request")
    func readOnce() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let request = try site.request(try await site.loggedIn(user))
            #expect(try await request.user?.id == user.id)
            try await site.database.run("DELETE FROM auth_user")
            #expect(try await request.user?.id == user.id)
        }
    }

    /// What Python's `int` takes, and what no row can have.
    @Test(
        "a key is the number that Python takes it for",
        arguments: [
            ("\"1\"", 1), ("1", 1), ("1.9", 1), ("-1.9", -1), ("true", 1), ("\" 12\\n\"", 12), ("\"1_000\"", 1000),
            ("\"+5\"", 5), ("\"-5\"", -5), ("\"007\"", 7), ("\"9223372036854775807\"", .max),
            ("\"-9223372036854775808\"", .min), ("\"\"", nil), ("\"x\"", nil), ("\"1.0\"", nil), ("\"1_\"", nil),
            ("\"_1\"", nil), ("\"1__0\"", nil), ("\"+-1\"", nil), ("\"1 2\"", nil), ("null", nil), ("[1]", nil),
            ("\"9223372036854775808\"", nil), ("\"-9223372036854775809\"", nil), ("1e300", nil), ("NaN", nil),
            ("Infinity", nil), ("\"99999999999999999999999999999999999999\"", nil),
        ] as [(String, Int64?)])
    func keys(text: String, number: Int64?) throws {
        #expect(primaryKey(try JSON.decode(Array(text.utf8))) == number)
    }

    @Test("a session whose user has such a key is nobody's", arguments: ["x", "99999999999999999999", "-1", ""])
    func oddKeys(id: String) async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let key = try await site.loggedIn(user)
            let session = site.engine.session(key)
            try await session.set("_auth_user_id", to: .string(JSONString(id)))
            try await session.save()
            #expect(try await site.request(key).user == nil)
            // Whoever logs in there gets a session of his own.
            #expect(try await site.loggedIn(user, from: key) != key)
        }
    }

    @Test("the hash is the one that Django makes, and no description holds the password")
    func hash() {
        let user = User(id: 1, username: "alice", password: "pbkdf2_sha256$1000$saltsaltsaltsaltsaltsa$x")
        let hash = "e8c04e3030aa82999cd81ce02f7cc5b7028b112c2ef8a6cc44fa8d167697186c"
        #expect(user.sessionAuthHash(secretKey: "test-secret-key") == hash)
        var dumped = ""
        dump(user, to: &dumped)
        for text in ["\(user)", String(reflecting: user), dumped, "\([user])"] { #expect(!text.contains("salt")) }
    }
}
