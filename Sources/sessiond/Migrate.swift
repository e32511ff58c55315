import ArgumentParser
import DatabaseSessions
import EventLoop
import Glibc

struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates the tables that are missing, and records it as Django's migrate does.")

    @Flag(help: "Show what would be done.")
    var plan = false

    @Flag(help: "Also make the list of sessions, in which users see and end theirs; it costs each write a trigger.")
    var sessionList = false

    @Flag(help: "With --session-list: take that list out of the database again.")
    var remove = false

    @Option(
        help: """
            Also copy django_session into so many partitions, for very large tables; 1 makes one plain table of it again. \
            Meanwhile no session can be read.
            """)
    var partitions: Int?

    func validate() throws {
        guard (1...1024).contains(partitions ?? 1) else {
            throw ValidationError("--partitions: use a number from 1 to 1024")
        }
        if remove, !sessionList || plan { throw ValidationError("--remove: use it with --session-list alone") }
    }

    func run() throws {
        let settings = try Settings.load()
        if sessionList, !settings.engine.hasTable {
            throw Failure("--session-list: \(settings.engine.reasonForNoList)")
        }
        if partitions != nil, !settings.engine.hasTable {
            throw Failure("--partitions: with SESSION_ENGINE=\(settings.engine.rawValue) there is no table to divide")
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
                if let partitions { print("  django_session in partitions: \(partitions)") }
                return
            }
            let apps = Set(wanted.map(\.app)).sorted().joined(separator: ", ")
            print("Operations to perform:\n  Apply all migrations: \(apps)\nRunning migrations:")
            if pending.isEmpty { print("  No migrations to apply.") }
            for migration in pending {
                print("  Applying \(migration.app).\(migration.name)...", terminator: "")
                print(try await migrator.apply(migration) ? " OK" : " applied by another run meanwhile")
            }
            if let partitions { try await divide(migrator, into: partitions) }
        }
    }

    @EventLoop
    private func divide(_ migrator: Migrator, into partitions: Int) async throws {
        guard try await migrator.partitions() != partitions else {
            return print("  django_session has this number of partitions already: \(partitions)")
        }
        print("  Copying django_session into partitions: \(partitions)...", terminator: "")
        fflush(nil)
        let start = ContinuousClock.now
        try await migrator.divide(into: partitions)
        let seconds = (ContinuousClock.now - start) / .milliseconds(100)
        print(" OK, it was locked for \(Double(Int(seconds)) / 10) s")
    }

    private func names(of migrations: [Migration], separator: String) -> String {
        migrations.map { "\($0.app).\($0.name)" }.joined(separator: separator)
    }
}
