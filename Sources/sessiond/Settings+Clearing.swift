import Accounts
import DatabaseSessions
import EventLoop
import Logging
import Sessions

/// The removal of what has expired, by the workers themselves; Django has a command for it.
extension Settings {
    mutating func readClearing(_ reader: inout SettingsReader) {
        if session.djangoCompatible { clearInterval = nil }
        reader.read("SESSION_CLEAR_INTERVAL", into: &clearInterval, 1...2_592_000, unit: "seconds")
    }

    /// - Returns: nil where nothing is to be cleared in the database.
    @EventLoop
    func makeClearing(logger: Logger) -> SelfClearing? {
        guard let clearInterval else { return nil }
        var chores: [SelfClearing.Chore] = []
        if engine.hasTable { chores.append(SelfClearing.sessions(now: SessionEngine.systemTime)) }
        if !limitMigrations.isEmpty {
            chores.append { turn in
                _ = try await LoginLimits.clear(
                    turn.client, now: SessionEngine.systemTime(), inBatchesOf: 1000, pace: SelfClearing.pace
                ) { _ in turn.isOn }
            }
        }
        guard !chores.isEmpty else { return nil }
        return SelfClearing(database: database, every: .seconds(clearInterval), logger: logger, chores: chores)
    }
}
