import DjangoFormat
import EventLoop
import PostgreSQL
import Sessions
import TestSupport
import Testing
import Web

@testable import Accounts

/// Django's `TestLogin`, and what its `LoginTest` says of sessions.
@Suite("Logins")
struct LoginTests {
    @Test("user login")
    func userLogin() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let request = try site.request()
            try await login(request, user)
            let session = try await request.session.items()
            #expect(Array(session.keys) == ["_auth_user_id", "_auth_user_backend", "_auth_user_hash", "username"])
            #expect(session["_auth_user_id"] == .string(JSONString("\(user.id)")))
            #expect(session["_auth_user_backend"] == "django.contrib.auth.backends.ModelBackend")
            #expect(session["_auth_user_hash"]?.string == user.sessionAuthHash(secretKey: testSecretKey))
            #expect(try await request.user?.id == user.id)
        }
    }

    /// Who may log in is the business of `authenticate`.
    @Test("inactive user")
    func inactiveUser() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser", isActive: false)
            let request = try site.request()
            try await login(request, user)
            #expect(try await request.session["_auth_user_id"] == .string(JSONString("\(user.id)")))
        }
    }

    @Test("an anonymous visitor's data moves to a new key, and the old one is gone")
    func anonymousData() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let old = try await site.engine.stored(["basket": ["bread"]])
            let key = try await site.loggedIn(user, from: old)
            #expect(key != old)
            #expect(try await site.engine.session(key)["basket"] == ["bread"])
            #expect(try await !site.engine.session(nil).exists(old))
        }
    }

    @Test("session key flushed on login")
    func otherUser() async throws {
        try await onSite { site in
            let first = try await site.loggedIn(try await site.createUser("testclient"))
            let request = try site.request(first)
            try await request.session.set("secret", to: "of the first")
            try await login(request, try await site.createUser("staff"))
            try await request.session.save()
            #expect(request.session.sessionKey != first)
            #expect(try await request.session["secret"] == nil)
            #expect(try await !request.session.exists(first))
        }
    }

    @Test("session key flushed on login after password change")
    func afterPasswordChange() async throws {
        try await onSite(changing: { $0.djangoCompatible = true }) { site in
            let user = try await site.createUser("testclient")
            let first = try await site.loggedIn(user)
            #expect(try await site.loggedIn(user, from: first) == first)

            try await site.database.run("UPDATE auth_user SET password = 'pbkdf2_sha256$10$salt$two'")
            let changed = try await site.user(user.id)
            #expect(try await site.loggedIn(changed, from: first) != first)
            #expect(try await !site.engine.session(nil).exists(first))
        }
    }

    @Test("a user who logs in once more gets a new key and keeps his data")
    func onceMore() async throws {
        try await onSite { site in
            let user = try await site.createUser("testclient")
            let first = try await site.loggedIn(user)
            let request = try site.request(first)
            try await request.session.set("basket", to: 1)
            try await request.session.save()
            let second = try await site.loggedIn(user, from: first)
            #expect(second != first)
            #expect(try await site.engine.session(second)["basket"] == 1)
            #expect(try await !site.engine.session(nil).exists(first))
        }
    }

    @Test("login session without hash session key", arguments: [JSONValue.null, "", 5, .bool(false)])
    func withoutHash(hash: JSONValue) async throws {
        try await onSite { site in
            let user = try await site.createUser("testclient")
            // Django's test stores a number.
            let old = try await site.engine.stored(["_auth_user_id": 1, "_auth_user_hash": hash])
            #expect(user.id == 1)
            #expect(try await site.loggedIn(user, from: old) != old)
            #expect(try await !site.engine.session(nil).exists(old))
        }
    }

    @Test("a login is recorded, and nobody waits for a row that is locked")
    func lastLogin() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            #expect(user.lastLogin == nil)
            let before = SessionEngine.systemTime()
            _ = try await site.loggedIn(user)
            let recorded = try await site.user(user.id).lastLogin
            let moment = try #require(recorded)
            #expect((before...SessionEngine.systemTime()).contains(moment))

            let lock = try await HeldLock(
                site.database, "SELECT 1 FROM auth_user WHERE username = 'testuser' FOR UPDATE")
            _ = try await site.loggedIn(user)
            lock.release()
            #expect(try await site.user(user.id).lastLogin == moment)
        }
    }

    @Test("logout ends the session whosever it is")
    func logoutEnds() async throws {
        try await onSite { site in
            let user = try await site.createUser("testuser")
            let key = try await site.loggedIn(user)
            let request = try site.request(key)
            #expect(try await request.user?.id == user.id)
            try await logout(request)
            #expect(try await request.user == nil)
            #expect(request.session.sessionKey == nil)
            #expect(try await !request.session.exists(key))

            let anonymous = try site.request(try await site.engine.stored())
            try await logout(anonymous)
            #expect(anonymous.session.isEmpty)
        }
    }
}
