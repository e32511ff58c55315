import DjangoFormat

/// What a cache holds of a session: the pickled dictionary (`RedisSerializer`).
enum CachedData {
    case data(JSONObject)
    /// `None`, for which Django too looks into the database.
    case nothing
    /// Not what Django writes for a session: it goes on without one.
    case corrupt
    /// A session that Django reads and we do not; the reason is for the log.
    case unreadable(String)

    /// A plain integer is text, all else is pickled.
    init(_ bytes: [UInt8]) {
        do throws(PickleError) {
            // What follows the end is the mark of an `Absence`, which Python does not read.
            if bytes.starts(with: Absence.pickledNone) {
                self = .nothing
                return
            }
            switch try Pickle.decode(bytes) {
            case .object(let data): self = .data(data)
            case .null: self = .nothing
            case .python(.dictionary): self = .unreadable("it has a key that is no string")
            default: self = .corrupt
            }
        } catch {
            switch error.reason {
            case .malformed, .recursive: self = .corrupt
            case .refused, .nestedTooDeeply, .tooManyDigits, .tooLarge: self = .unreadable(error.description)
            }
        }
    }

    static func encode(_ data: JSONObject) -> [UInt8] { Pickle.encode(.object(data)) }
}

/// A value that stands for none, while the database is written: to Django it is a pickled `None`, so that it looks into
/// the database, and no two are the same, so that each writer knows its own.
struct Absence {
    static let pickledNone: [UInt8] = [0x80, 0x05, 0x4E, 0x2E]

    let bytes: [UInt8]

    init() {
        bytes = Self.pickledNone + SessionKey.generate().utf8
    }
}
