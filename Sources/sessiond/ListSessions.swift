import Accounts
import ArgumentParser
import DjangoFormat
import EventLoop
import Logging
import PasswordHashers
import PostgreSQL

struct ListSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Shows the sessions of a user, and ends one or all of them.",
        discussion: """
            The database needs the list of sessions: sessiond migrate --session-list makes it. An ended session counts \
            for nobody from the next request on, here and in Django. The exit status is 1 where there is no such user \
            or session.
            """)

    @Option(help: "The user's name.")
    var user: String

    @Option(help: "End the session with this ID, as the list shows it.")
    var end: String?

    @Flag(help: "End all sessions of the user.")
    var endAll = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if endAll, end != nil { throw ValidationError("--end-all: leave out --end, or this") }
    }

    func run() throws {
        let settings = try Settings.load()
        try settings.requireSecretKey()
        guard settings.engine.hasTable else { throw Failure("SESSION_ENGINE: \(settings.engine.reasonForNoList)") }
        try runOnLoop { [self] in
            let engine = try Engine(settings, logger: quietLogger)
            let limit = Duration.seconds(settings.databaseTimeout)
            let reader = try PostgresClient(
                database: settings.database, role: "command", limit: limit, logger: quietLogger)
            // What is wrong with the connection is told by its own error, not by a request's.
            _ = try await reader.execute(Statement("SELECT"), deadline: .now + limit)
            let users = UserTable(reader: reader, writer: reader, limit: limit)
            guard let user = try await users.user(named: normalizeUsername(user)) else {
                throw Failure("--user: there is no user of that name in auth_user")
            }
            guard let list = try settings.makeSessionList(engine, reader: reader, logger: quietLogger) else { return }
            try await work(on: list, user)
            list.close()
            reader.close()
            engine.close()
        }
    }

    @EventLoop
    private func work(on list: SessionList, _ user: User) async throws {
        guard let sessions = try await list.sessions(of: user) else {
            throw Failure("the database has no list of sessions; run sessiond migrate --session-list")
        }
        var ended: Int?
        if endAll {
            ended = try await list.endAll(of: user)
        } else if let end {
            guard let session = sessions.first(where: { $0.id.utf8.elementsEqual(end.utf8) }) else {
                throw Failure("--end: the user has no session with that ID; run without it for those that there are")
            }
            try await list.end([session], of: user)
            ended = 1
        }
        switch (ended, json) {
        case (let ended?, true): try show(["ended": .int(ended)])
        case (let ended?, false): print(ended == 1 ? "1 session ended." : "\(ended) sessions ended.")
        case (nil, true): try show(["sessions": .array(sessions.map { .object($0.json) })])
        case (nil, false): show(sessions)
        }
    }

    private func show(_ object: JSONObject) throws {
        print(String(decoding: try JSON.encode(.object(object)), as: UTF8.self))
    }

    private func show(_ sessions: [ListedSession]) {
        guard !sessions.isEmpty else { return print("No sessions.") }
        let rows =
            [["ID", "SIGNED IN", "LAST SEEN", "NETWORK", "DEVICE"]]
            + sessions.map { session in
                [
                    session.id, session.created.map { ListedSession.shortDate($0) } ?? "unknown",
                    ListedSession.shortDate(session.lastSeen), session.address ?? "unknown",
                    session.device ?? "unknown",
                ]
            }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            print(cells.dropLast().joined(separator: "  ") + "  " + (row.last ?? ""))
        }
    }
}
