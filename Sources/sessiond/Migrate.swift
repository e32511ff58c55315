import ArgumentParser
import DatabaseSessions

struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates the tables that are missing, and records it as Django's migrate does.")

    @Flag(help: "Show what would be done.")
    var plan = false

    @Flag(help: "Also make the list of sessions, in which users see and end theirs; it costs each write a trigger.")
    var sessionList = false

    @Flag(help: "With --session-list: take that list out of the database again.")
    var remove = false

    func validate() throws {
        if remove, !sessionList || plan { throw ValidationError("--remove: use it with --session-list alone") }
    }

    func run() throws {
        let settings = try Settings.load()
        if sessionList, !settings.engine.hasTable {
            throw Failure("--session-list: \(settings.engine.reasonForNoList)")
        }
        try runOnLoop { [self] in
            let migrator = Migrator(client: try commandClient(settings))
            if remove {
                try await migrator.removeSessionList()
                return print("Removed \(names(of: Migration.sessionList, separator: ", ")).")
            }
            let wanted = Migration.all + settings.limitMigrations + (sessionList ? Migration.sessionList : [])
            let pending = try await migrator.pending(of: wanted)
            if plan {
                print("Planned operations:")
                print(pending.isEmpty ? "  No planned migration operations." : names(of: pending, separator: "\n"))
                return
            }
            let apps = Set(wanted.map(\.app)).sorted().joined(separator: ", ")
            print("Operations to perform:\n  Apply all migrations: \(apps)\nRunning migrations:")
            if pending.isEmpty { print("  No migrations to apply.") }
            for migration in pending {
                print("  Applying \(migration.app).\(migration.name)...", terminator: "")
                print(try await migrator.apply(migration) ? " OK" : " applied by another run meanwhile")
            }
        }
    }

    private func names(of migrations: [Migration], separator: String) -> String {
        migrations.map { "\($0.app).\($0.name)" }.joined(separator: separator)
    }
}
