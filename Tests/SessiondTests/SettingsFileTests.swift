import Configuration
import Glibc
import Synchronization
import Testing

@testable import sessiond

/// `deploy/debian/sessiond.env` shows every setting with its default, and is the source of the settings' manual page.
@Suite struct SettingsFileTests {
    /// The lines `#NAME=value`, without the quotes that a shell would want.
    private func shown() throws -> [String: String] {
        let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/deploy/debian/sessiond.env"
        let text = try SettingsReader.contents(of: path)
        var shown: [String: String] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("#") && !line.hasPrefix("# ") {
            let parts = line.dropFirst().split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            let isQuoted = parts[1].hasPrefix("'") && parts[1].hasSuffix("'")
            shown[String(parts[0])] = String(isQuoted ? parts[1].dropFirst().dropLast() : parts[1])
        }
        return shown
    }

    private func load(_ variables: [String: String], _ reporter: (any AccessReporter)? = nil) throws -> Settings {
        let provider = EnvironmentVariablesProvider(environmentVariables: variables)
        return try Settings.load(SettingsReader(provider, reporter: reporter))
    }

    @Test func `what it shows is the default`() throws {
        var shown = try shown()
        // The services set it; alone the program takes the system's directory.
        #expect(shown.removeValue(forKey: "SESSION_FILE_PATH") == "/var/lib/sessiond")
        #expect(shown.removeValue(forKey: "METRICS_DIRECTORY") == "/run/sessiond/metrics")
        // It depends on the machine.
        #expect(shown.removeValue(forKey: "PASSWORD_HASH_THREADS") == "1")
        #expect(try "\(load(shown))" == "\(load([:]))")
        shown["SESSION_COOKIE_AGE"] = "60"
        #expect(try "\(load(shown))" != "\(load([:]))")
    }

    @Test func `it shows every setting that is read, and no other`() throws {
        let names = Names()
        _ = try load([:], names)
        // What a secret's other sources are called.
        let settings = names.all.withLock { $0 }.filter { !$0.hasSuffix("_FILE") && $0 != "CREDENTIALS_DIRECTORY" }
        #expect(settings.count > 50)
        #expect(Set(try shown().keys) == settings)
    }
}

/// Every name that a reader was asked for.
private final class Names: AccessReporter {
    let all = Mutex<Set<String>>([])

    func report(_ event: AccessEvent) {
        all.withLock { _ = $0.insert(event.metadata.key.description) }
    }
}
