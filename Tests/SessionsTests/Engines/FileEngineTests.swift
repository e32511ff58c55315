import DjangoFormat
import EventLoop
import Glibc
import TestSupport
import Testing

@testable import Sessions

/// Django's `FileSessionTests`, and what its file engine leaves on the disk.
@Suite("The file engine")
struct FileEngineTests {
    /// Runs a body with an engine in a directory of its own.
    private static func run(
        changing change: @Sendable (inout SessionSettings) -> Void = { _ in },
        now: @escaping @Sendable () -> Int64 = SessionEngine.systemTime,
        _ body: @escaping @EventLoop @Sendable (SessionEngine, FileStore, TemporaryDirectory) async throws -> Void
    ) async throws {
        var changed = SessionSettings()
        change(&changed)
        try await onLoop { [settings = changed] in
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            let store = try FileStore(directory: directory.path, codec: testCodec(), settings: settings)
            let engine = SessionEngine(store: store, codec: testCodec(), settings: settings, clock: now)
            try await body(engine, store, directory)
        }
    }

    @EventLoop
    private static func stored(_ engine: SessionEngine, _ expiry: SessionExpiry = .default) async throws -> String {
        let session = engine.session(nil)
        try await session.set("foo", to: "bar")
        try await session.setExpiry(expiry)
        try await session.save()
        return try #require(session.sessionKey)
    }

    private static func write(_ text: String, _ path: String) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = Array(text.utf8).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        close(file)
    }

    private static func setAge(of path: String, seconds: Int) {
        let time = timespec(tv_sec: Glibc.time(nil) - seconds, tv_nsec: 0)
        utimensat(AT_FDCWD, path, [time, time], 0)
    }

    @Test("configuration check")
    func configurationCheck() throws {
        let missing = "/if/this/directory/exists/you/have/a/weird/computer"
        #expect(throws: InvalidSessionDirectory.self) {
            _ = try FileStore(directory: missing, codec: testCodec(), settings: SessionSettings())
        }
        #expect(throws: InvalidSessionDirectory.self) {
            _ = try FileStore(directory: "/etc/passwd", codec: testCodec(), settings: SessionSettings())
        }
        #expect("\(InvalidSessionDirectory(path: missing))".contains("SESSION_FILE_PATH"))
    }

    @Test(
        "invalid key backslash, invalid key forwardslash",
        arguments: ["a\\b\\cabcd", "a/b/cabcd", "../sessionidabcdefgh", "ABCDEFGH", "abcdefg\u{e9}", "abcdefgh\0", ""])
    func invalidKey(key: String) async throws {
        #expect(!SessionFiles.isValid(key))
        try await Self.run { engine, store, directory in
            let record = SessionRecord(data: [:], expireDate: engine.now + 60_000_000)
            #expect(try await !store.exists(key))
            #expect(try await store.load(key, now: engine.now).session == nil)
            await #expect(throws: SessionStoreError.self) {
                _ = try await store.create(key, record, replacing: nil, now: engine.now)
            }
            await #expect(throws: SessionStoreError.keyGone) {
                _ = try await store.update(key, record, revision: nil, now: engine.now)
            }
            try await store.delete(key)
            #expect(directory.names == [])
        }
    }

    @Test("clearsessions command")
    func clearSessionsCommand() async throws {
        try await Self.run(changing: { $0.cookieAge = 0 }) { engine, store, directory in
            #expect(directory.names == [])
            let current = try await Self.stored(engine, .seconds(3600))
            _ = try await Self.stored(engine, .seconds(-3600))
            // Without an expiry it ends at its last change, because the age of all is 0.
            _ = try await Self.stored(engine)
            Self.write("other", directory.path + "/other")
            Self.write("", directory.path + "/sessionidabc_out_xyz")
            #expect(directory.names.count == 5)
            #expect(try store.clearExpired(now: engine.now, dryRun: true) { _ in true } == 2)
            #expect(directory.names.count == 5)
            #expect(try store.clearExpired(now: engine.now) { _ in false } == 1)
            #expect(try await engine.clearExpired() == 1)
            #expect(directory.names == ["other", "sessionid" + current, "sessionidabc_out_xyz"].sorted())
        }
    }

    @Test("a file has Django's name, mode and content, and nothing is left beside it")
    func files() async throws {
        try await Self.run(changing: { $0.cookieName = "kitchen" }) { engine, _, directory in
            let session = engine.session(nil)
            try await session.set("a", to: 1)
            try await session.save()
            try await session.set("b", to: 2)
            try await session.save()
            let key = try #require(session.sessionKey)
            #expect(directory.names == ["kitchen" + key])
            let path = directory.path + "/kitchen" + key
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
            let files = SessionFiles(directory: directory.path, prefix: "kitchen")
            let text = try #require(try files.read(key)?.text)
            #expect(testCodec().decode(text) == .data(["a": 1, "b": 2]))

            try await session.cycleKey()
            try await session.save()
            #expect(directory.names == ["kitchen" + (session.sessionKey ?? "")])
            try await session.flush()
            #expect(directory.names == [])
        }
    }

    @Test("a session ends so long after its file's last change, and the file goes")
    func ages() async throws {
        try await Self.run(changing: { $0.cookieAge = 1000 }) { engine, store, directory in
            for (expiry, age, lives) in [
                (SessionExpiry.default, 990, true), (.default, 1001, false), (.seconds(100), 90, true),
                (.seconds(100), 101, false), (.seconds(1.5), 2, false), (.duration(.seconds(100)), 5000, true),
                (.duration(.milliseconds(900)), 0, false), (.duration(.seconds(-1)), 0, false),
                (.seconds(0), 990, true), (.seconds(0), 1001, false),
            ] {
                let key = try await Self.stored(engine, expiry)
                let path = directory.path + "/sessionid" + key
                Self.setAge(of: path, seconds: age)
                #expect((try await store.load(key, now: engine.now).session != nil) == lives)
                #expect(try await store.exists(key) == lives)
                unlink(path)
            }
        }
    }

    @Test("as in Django, where asked for: an age of its own never ends, and one that ended begins anew")
    func compatible() async throws {
        try await Self.run(changing: { $0.djangoCompatible = true }) { engine, _, directory in
            let lasting = try await Self.stored(engine, .seconds(100))
            Self.setAge(of: directory.path + "/sessionid" + lasting, seconds: 5000)
            #expect(try await engine.session(lasting)["foo"] == "bar")

            // Django drops the fraction of the last second.
            for expiry in [SessionExpiry.duration(.seconds(-1)), .duration(.milliseconds(900)), .seconds(-1)] {
                let ended = try await Self.stored(engine, expiry)
                let session = engine.session(ended)
                #expect(try await session.items() == [:])
                #expect(session.modified)
                let key = try #require(session.sessionKey)
                #expect(key != ended)
                #expect(try await session.exists(key))
                #expect(try await !session.exists(ended))
            }
            #expect(directory.names.count == 4)
        }
    }

    @Test("a file that somebody else has signed, cut short or emptied is an empty session under its key")
    func corrupt() async throws {
        try await Self.run { engine, _, directory in
            for text in ["", "garbage", "e30:1r31eq:AAAA", "\u{e9}"] {
                let key = try await Self.stored(engine)
                Self.write(text, directory.path + "/sessionid" + key)
                let session = engine.session(key)
                #expect(try await session.items() == [:])
                try await session.set("b", to: 2)
                try await session.save()
                #expect(session.sessionKey == key)
                #expect(try await engine.session(key).items() == ["b": 2])
            }
        }
    }

    @Test("what is no file of ours is no session, and nothing waits for it")
    func strangeFiles() async throws {
        try await Self.run { engine, store, directory in
            let real = try await Self.stored(engine)
            let name = directory.path + "/sessionid"
            symlink(name + real, name + "linklink")
            mkfifo(name + "pipepipe", 0o600)
            mkdir(name + "directory", 0o700)
            for key in ["linklink", "pipepipe", "directory"] {
                #expect(try await store.load(key, now: engine.now).session == nil)
            }
            #expect(try await engine.clearExpired() == 0)
            rmdir(name + "directory")
        }
    }

    @Test("a disk that fails is an error that names no key")
    func failing() async throws {
        try await Self.run { engine, store, directory in
            let key = try await Self.stored(engine)
            directory.remove()
            let session = engine.session(nil)
            try await session.set("a", to: 1)
            let error = await #expect(throws: SessionStoreError.self) { try await session.save() }
            #expect(error == .unavailable("a session's file: No such file or directory"))
            #expect(try await store.load(key, now: engine.now).session == nil)
            await #expect(throws: SessionStoreError.self) { try await engine.clearExpired() }
        }
    }

    @Test("a session that is deleted while it is saved stays gone")
    func deletedWhileSaved() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        for round in 0..<100 {
            let files = SessionFiles(directory: directory.path, prefix: "s")
            let key = "key\(round)"
            try files.create(key, [1], replacing: nil)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { @concurrent in
                    for _ in 0..<20 where (try? files.update(key, [2])) == nil { return }
                }
                group.addTask { @concurrent in
                    usleep(UInt32(round % 20) * 100)
                    _ = try? files.delete(key)
                }
            }
            #expect(!files.exists(key))
        }
        #expect(directory.names == [])
    }
}
