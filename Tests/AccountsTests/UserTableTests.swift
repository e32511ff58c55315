import EventLoop
import Logging
import PostgreSQL
import Sessions
import TestSupport
import Testing

@testable import Accounts

@Suite("The users' table")
struct UserTableTests {
    @Test("of many questions at once each gets its own answer")
    func batches() async throws {
        try await onSite { site in
            var ids: [Int64] = []
            for number in 0..<20 { ids.append(try await site.createUser("user\(number)").id) }
            let users = site.accounts.users
            var names: [Int64: String] = [:]
            var found: [String: Int64] = [:]
            var unknown = 0
            var questions: [@EventLoop () async -> Void] = []
            for (number, id) in ids.enumerated() {
                questions.append { names[id] = try? await users.user(id: id)?.username }
                questions.append { found["user\(number)"] = try? await users.user(named: "user\(number)")?.id }
                questions.append {
                    let isThere = (try? await users.user(id: -id).map { _ in true } ?? false) ?? true
                    if !isThere { unknown += 1 }
                }
            }
            await concurrently(questions)
            #expect(names == Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, "user\($0)") }))
            #expect(found == Dictionary(uniqueKeysWithValues: ids.enumerated().map { ("user\($0)", $1) }))
            #expect(unknown == 20)
        }
    }

    @Test("a sample of the passwords is of all users where they are few, and of enough where most ids are gone")
    func samples() async throws {
        try await onSite { site in
            @EventLoop func insert(_ numbers: String) async throws {
                try await site.database.run(
                    """
                    INSERT INTO auth_user (id, username, password, is_active, is_staff, is_superuser, first_name, last_name,
                        email, date_joined)
                    SELECT 100003 * n, 'user' || n, n, true, false, false, '', '', '', now()
                    FROM generate_series(\(numbers)) AS n
                    """)
            }
            let users = site.accounts.users
            #expect(try await users.samplePasswords() == [])
            try await insert("1, 1000")
            #expect(try await Set(users.samplePasswords()).count == 1000)
            try await insert("1001, 3000")
            let sample = try await users.samplePasswords()
            #expect(Set(sample).count == sample.count && (500...1000).contains(sample.count))
            // Drawn from all of them.
            #expect(sample.count { Int($0) ?? 0 <= 1500 } > sample.count / 3)
        }
    }

    @Test("unicode username")
    func unicodeUsername() async throws {
        try await onSite { site in
            let users = site.accounts.users
            for name in ["jörg", "Григорий", "iamthe\u{3A9}", "\u{1F600}"] {
                let id = try await site.createUser(name).id
                #expect(try await users.user(named: name)?.id == id)
            }
            // Equal to Swift, not to the column.
            let composed = try await site.createUser("caf\u{E9}").id
            let decomposed = try await site.createUser("cafe\u{301}").id
            var found: [Int64?] = []
            await concurrently([
                { found.append(try? await users.user(named: "caf\u{E9}")?.id) },
                { found.append(try? await users.user(named: "cafe\u{301}")?.id) },
                { found.append(try? await users.user(named: "cafe\u{302}")?.id) },
            ])
            #expect(Set(found) == [composed, decomposed, nil])
        }
    }

    @Test("a name that no row can have is nobody's, and harms nobody beside it")
    func oddNames() async throws {
        try await onSite { site in
            let users = site.accounts.users
            let id = try await site.createUser("alice").id
            var found: [Int64?] = []
            var questions: [@EventLoop () async -> Void] = []
            for name in ["a\0b", "", "',{\"", String(repeating: "x", count: 100_000), "alice", "ALICE", "alice "] {
                questions.append { found.append(try? await users.user(named: name)?.id) }
            }
            await concurrently(questions)
            #expect(found.compactMap(\.self) == [id] && found.count == 7)
        }
    }

    @Test("custom perms, has perm, inactive has no permissions, get all superuser permissions")
    func permissions() async throws {
        try await onSite { site in
            let user = try await site.createUser("test")
            let other = try await site.createUser("other")
            try await site.database.run(
                """
                DO $$ DECLARE type integer; people integer; BEGIN
                INSERT INTO django_content_type (app_label, model) VALUES ('auth', 'group') RETURNING id INTO type;
                INSERT INTO auth_permission (name, content_type_id, codename)
                    SELECT name, type, name FROM unnest(ARRAY['test', 'test2', 'test_group', 'unused']) AS t (name);
                INSERT INTO auth_group (name) VALUES ('züge, alle') RETURNING id INTO people;
                INSERT INTO auth_group (name) VALUES ('empty');
                INSERT INTO auth_user_user_permissions (user_id, permission_id)
                    SELECT \(user.id), id FROM auth_permission WHERE codename IN ('test', 'test2');
                INSERT INTO auth_group_permissions (group_id, permission_id)
                    SELECT people, id FROM auth_permission WHERE codename IN ('test', 'test_group');
                INSERT INTO auth_user_groups (user_id, group_id)
                    SELECT \(user.id), id FROM auth_group;
                END $$
                """)
            func access() async throws -> UserAccess {
                let access = try await site.accounts.users.access(of: user.id)
                return try #require(access)
            }
            #expect(try await access().permissions == ["auth.test", "auth.test2", "auth.test_group"])
            #expect(try await access().groups == ["empty", "züge, alle"])
            #expect(try await access().isMember(of: "züge, alle"))
            #expect(try await !access().isMember(of: "zu\u{308}ge, alle"))
            for (permission, has) in [
                ("auth.test", true), ("auth.test_group", true), ("test", false), ("auth.unused", false),
            ] {
                #expect(try await access().hasPermission(permission) == has)
            }
            try await site.database.run("UPDATE auth_user SET is_staff = true")
            #expect(try await !access().hasPermission("auth.unused"))
            try await site.database.run("UPDATE auth_user SET is_superuser = true")
            #expect(try await access().hasPermission("auth.unused"))
            try await site.database.run("UPDATE auth_user SET is_active = false")
            for permission in ["auth.unused", "auth.test"] {
                #expect(try await !access().hasPermission(permission))
            }

            let nothing = try await site.accounts.users.access(of: other.id)
            #expect(nothing?.groups == [] && nothing?.permissions == [])
            #expect(try await site.accounts.users.access(of: 0) == nil)
        }
    }

    @Test("logins of a batch are recorded together, a row that is locked costs the others nothing")
    func lastLogins() async throws {
        try await onSite { site in
            var ids: [Int64] = []
            for number in 0..<5 { ids.append(try await site.createUser("user\(number)").id) }
            let lock = try await HeldLock(
                site.database, "SELECT 1 FROM auth_user WHERE username = 'user2' FOR UPDATE")
            var outcomes: [Int64: Bool] = [:]
            let now = SessionEngine.systemTime()
            var records: [@EventLoop () async -> Void] = []
            // One of them twice.
            for id in ids + ids.prefix(1) {
                records.append {
                    do throws(SessionStoreError) {
                        try await site.accounts.users.setLastLogin(of: id, to: now)
                        outcomes[id] = true
                    } catch { outcomes[id] = false }
                }
            }
            await concurrently(records)
            lock.release()
            #expect(outcomes == [ids[0]: true, ids[1]: true, ids[2]: false, ids[3]: true, ids[4]: true])
            for (place, id) in ids.enumerated() {
                #expect(try await site.user(id).lastLogin == (place == 2 ? nil : now))
            }
        }
    }

    @Test("without the table, and without the database, it says so in time")
    func missing() async throws {
        try await onSite { site in
            try await site.database.run("ALTER TABLE auth_user RENAME TO elsewhere")
            for _ in 0..<2 {
                await #expect(throws: SessionStoreError.self) { _ = try await site.accounts.users.user(id: 1) }
            }
            try await site.database.run("ALTER TABLE elsewhere RENAME TO auth_user")
            #expect(try await site.accounts.users.user(id: 1) == nil)

            let nowhere = try Accounts(
                AccountSettings(secretKey: testSecretKey), database: "host=/nonexistent dbname=x",
                limit: .milliseconds(300), logger: Logger(label: "test"))
            let start = ContinuousClock.now
            await #expect(throws: SessionStoreError.unavailable("the database did not answer in time")) {
                _ = try await nowhere.users.user(id: 1)
            }
            #expect(ContinuousClock.now - start < .seconds(20))
            nowhere.close()
        }
    }

    @Test("questions that a lost connection cut off are asked again")
    func lostConnection() async throws {
        try await onSite { site in
            let id = try await site.createUser("alice").id
            for _ in 0..<3 {
                #expect(try await site.accounts.users.user(id: id)?.username == "alice")
                try await site.database.run(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')
                    """)
            }
            #expect(try await site.accounts.users.user(named: "alice")?.id == id)
        }
    }
}
