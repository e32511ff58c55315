/// Python's pickles of plain data, as Django's caches hold them: nothing that they name is ever called.
///
///     {"a": 1} ⟷ 80 05 7D 28 8C 01 61 4B 01 75 2E     PROTO 5, EMPTY_DICT, MARK, "a", 1, SETITEMS, STOP
///
/// The reader takes what CPython writes in protocols 0 to 5 for `dict`, `list`, `tuple`, `str`, `bytes`, `bytearray`,
/// `int`, `float`, `bool`, `None`, and `datetime`'s `date`, `time`, `datetime`, `timedelta` and `timezone`. These classes
/// are recognised by their names and built here; every other name, and every opcode that would call or import anything,
/// is refused. An object that stands in several places is copied, one that holds itself is refused.
public enum Pickle {
    /// How many bytes a pickle may have, and how many its strings and bytes may have together once each is copied.
    public static let maximumSize = 16 << 20

    /// How many values a pickle may hold, each counted as often as it is reached.
    public static let maximumValues = 1 << 20

    /// The bytes of a pickle of protocol 5, which `pickle.loads` reads to an equal value.
    public static func encode(_ value: JSONValue) -> [UInt8] {
        var writer = PickleWriter()
        writer.write(value)
        return writer.finish()
    }

    /// The value of `pickle.loads(bytes)`.
    /// - Throws: ``PickleError``, also where Python would go on and import a name.
    public static func decode(_ bytes: [UInt8]) throws(PickleError) -> JSONValue {
        guard bytes.count <= maximumSize else { throw PickleError(.tooLarge, at: 0) }
        return try PickleReader.read(bytes.span)
    }
}

/// Why a pickle was not read, with the number of bytes before the mistake.
public struct PickleError: Error, Hashable, CustomStringConvertible {
    public enum Reason: Hashable, Sendable {
        /// Not what CPython writes.
        case malformed
        /// It names, calls or holds what is no plain data.
        case refused(String)
        case nestedTooDeeply
        case recursive
        case tooManyDigits
        case tooLarge
    }

    public let reason: Reason
    public let offset: Int

    init(_ reason: Reason, at offset: Int) {
        (self.reason, self.offset) = (reason, offset)
    }

    public var description: String {
        let what =
            switch reason {
            case .malformed: "it is malformed"
            case .refused(let what): "\(what) is refused"
            case .nestedTooDeeply: "it is nested too deeply"
            case .recursive: "it holds a value that holds itself"
            case .tooManyDigits: "an integer has too many digits"
            case .tooLarge: "it is too large"
            }
        return "pickle not read: \(what) (byte \(offset))"
    }
}
