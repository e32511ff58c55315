import ArgumentParser
import DatabaseSessions

struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates the tables that are missing, and records it as Django's migrate does.")

    @Flag(help: "Show what would be done.")
    var plan = false

    func run() throws {
        let settings = try Settings.load()
        try runOnLoop { [plan] in
            let migrator = Migrator(client: try commandClient(settings))
            let pending = try await migrator.pending()
            if plan {
                print("Planned operations:")
                for migration in pending { print("\(migration.app).\(migration.name)") }
                if pending.isEmpty { print("  No planned migration operations.") }
                return
            }
            print(
                "Operations to perform:\n  Apply all migrations: \(Set(Migration.all.map(\.app)).sorted().joined(separator: ", "))"
            )
            print("Running migrations:")
            if pending.isEmpty { print("  No migrations to apply.") }
            for migration in pending {
                print("  Applying \(migration.app).\(migration.name)...", terminator: "")
                print(try await migrator.apply(migration) ? " OK" : " applied by another run meanwhile")
            }
        }
    }
}
