/// One finding of a check (Django's `CheckMessage`).
public struct CheckMessage: Sendable, Equatable, CustomStringConvertible {
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case debug = 10
        case info = 20
        case warning = 30
        case error = 40
        case critical = 50

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    public let level: Level
    /// By which it can be silenced: Django's own where the check is Django's, else `sessiond.…`.
    public let id: String
    public let message: String
    public let hint: String?

    public init(_ level: Level, id: String, _ message: String, hint: String? = nil) {
        self.level = level
        self.id = id
        self.message = message
        self.hint = hint
    }

    /// As Django prints it.
    public var description: String { "?: (\(id)) \(message)" + (hint.map { "\n\tHINT: \($0)" } ?? "") }
}

/// What `manage.py check` prints, for these findings.
public struct CheckReport: CustomStringConvertible {
    private let shown: [CheckMessage]
    private let silencedCount: Int

    /// - Parameter silenced: ids that are not to be shown (`SILENCED_SYSTEM_CHECKS`).
    public init(_ messages: [CheckMessage], silenced: [String] = []) {
        shown = messages.filter { !silenced.contains($0.id) }
        silencedCount = messages.count - shown.count
    }

    public var isEmpty: Bool { shown.isEmpty }

    /// Whether a command that is told to fail at this level fails.
    public func fails(at level: CheckMessage.Level) -> Bool { shown.contains { $0.level >= level } }

    public var description: String {
        var text = shown.isEmpty ? "" : "System check identified some issues:\n"
        for (level, title) in CheckReport.groups {
            let group = shown.filter { $0.level == level }.map(\.description).sorted()
            if !group.isEmpty { text += "\n\(title):\n" + group.joined(separator: "\n") + "\n" }
        }
        if !shown.isEmpty { text += "\n" }
        let number = shown.isEmpty ? "no issues" : shown.count == 1 ? "1 issue" : "\(shown.count) issues"
        return text + "System check identified \(number) (\(silencedCount) silenced)."
    }

    private static let groups: [(CheckMessage.Level, String)] = [
        (.critical, "CRITICALS"), (.error, "ERRORS"), (.warning, "WARNINGS"), (.info, "INFOS"), (.debug, "DEBUGS"),
    ]
}
