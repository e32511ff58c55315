import ArgumentParser
import CMimalloc  // to be linked: its malloc takes the place of libc's
import Glibc

/// The program. Each command puts the parts together in its own way; no other module knows all of them.
@main
struct Sessiond: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "sessiond",
        abstract: "Django's sessions, served by a FastCGI worker.",
        discussion: """
            Settings are environment variables with Django's names; the README lists them. SECRET_KEY, \
            SECRET_KEY_FALLBACKS, DATABASE_URL and CACHES may also lie in files (SECRET_KEY_FILE and so on) or be systemd \
            credentials.
            """,
        version: "sessiond \(version)",
        subcommands: [Serve.self, Migrate.self, ClearSessions.self, ListSessions.self, Check.self, Doctor.self])
}

/// A command failed: the one line that says why and what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

func writeToStandardError(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let written = rest.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        guard written > 0 || errno == EINTR else { return }
        rest = rest.dropFirst(max(written, 0))
    }
}
