import Logging
import Sessions

/// What is logged, and how; Django's `LOGGING` in three words.
struct LogSettings {
    /// `LOG_FORMAT`; nil writes for people on a terminal, and for programs elsewhere.
    var format: LogFormat?
    /// `LOG_LEVEL`: the least that is written.
    var level = Logger.Level.notice
    /// `AUDIT_LOG`: whether the events of sessions and logins are written, whatever the level.
    var hasAudit = true

    /// The least that a logger writes.
    func level(of label: String) -> Logger.Level { label == AuditLog.label ? min(level, .info) : level }
}

extension Settings {
    mutating func readLog(_ reader: inout SettingsReader) {
        var format = "auto"
        reader.read("LOG_FORMAT", into: &format, "is not known; set auto, human or json") {
            $0 == "auto" || LogFormat(rawValue: $0) != nil
        }
        log.format = LogFormat(rawValue: format)
        var level = log.level.rawValue
        let known = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        reader.read("LOG_LEVEL", into: &level, "is no level; set one of \(known)") {
            Logger.Level(rawValue: $0) != nil
        }
        log.level = Logger.Level(rawValue: level) ?? log.level
        reader.read("AUDIT_LOG", into: &log.hasAudit)
    }

    /// nil where it is not wanted.
    var audit: AuditLog? { log.hasAudit ? AuditLog(secretKey: secretKey) : nil }
}
