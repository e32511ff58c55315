/// The names that a pickle may call. None of them is looked up: each is built here.
enum PickleCallable: Hashable {
    case date, time, dateTime, timeDelta, timeZone
    /// Protocols 0 to 2 have no bytes: `_codecs.encode(text, "latin1")`, and `bytes()` where there are none.
    case encode, bytes
    /// Protocols 0 to 4 have no bytearrays.
    case byteArray

    init?(module: JSONString, name: JSONString) {
        guard let callable = Self.names[[module, name]] else { return nil }
        self = callable
    }

    private static let names: [[JSONString]: PickleCallable] = [
        ["datetime", "date"]: .date, ["datetime", "time"]: .time, ["datetime", "datetime"]: .dateTime,
        ["datetime", "timedelta"]: .timeDelta, ["datetime", "timezone"]: .timeZone,
        ["_codecs", "encode"]: .encode, ["builtins", "bytes"]: .bytes, ["__builtin__", "bytes"]: .bytes,
        ["builtins", "bytearray"]: .byteArray, ["__builtin__", "bytearray"]: .byteArray,
    ]

    /// What the call returns; nil where CPython does not write such arguments.
    func callAsFunction(_ arguments: [JSONValue]) -> JSONValue? {
        let first = arguments.first
        let second = arguments.count == 2 ? arguments.last : nil
        guard arguments.count <= 3, arguments.count < 3 || self == .timeDelta else { return nil }
        switch self {
        case .date:
            guard case .bytes(let state) = first?.python, second == nil else { return nil }
            return PythonDate(state: state[...]).map { .python(.date($0)) }
        case .time, .dateTime:
            guard case .bytes(let state) = first?.python else { return nil }
            var zone: PythonTimeZone?
            if let second {
                guard case .timeZone(let named) = second.python else { return nil }
                zone = named
            }
            return self == .time
                ? PythonTime(state: state[...], zone: zone).map { .python(.time($0)) }
                : PythonDateTime(state: state[...], zone: zone).map { .python(.dateTime($0)) }
        case .timeDelta:
            let parts = arguments.compactMap(\.int)
            guard parts.count == 3, arguments.count == 3 else { return nil }
            return PythonTimeDelta(days: parts[0], seconds: parts[1], microseconds: parts[2])
                .map { .python(.timeDelta($0)) }
        case .timeZone:
            guard case .timeDelta(let offset) = first?.python else { return nil }
            var name: JSONString?
            if let second {
                guard case .string(let text) = second else { return nil }
                name = text
            }
            return PythonTimeZone(offset: offset, name: name).map { .python(.timeZone($0)) }
        case .encode:
            guard case .string(let text) = first, second == "latin1" else { return nil }
            return text.latin1.map { .python(.bytes($0)) }
        case .bytes:
            return arguments.isEmpty ? .python(.bytes([])) : nil
        case .byteArray:
            switch (first, second) {
            case (nil, nil): return .python(.byteArray([]))
            case (.python(.bytes(let bytes)), nil): return .python(.byteArray(bytes))
            case (.string(let text), "latin-1"): return text.latin1.map { .python(.byteArray($0)) }
            default: return nil
            }
        }
    }

    /// A name for an error: the letters of identifiers, not too many of them.
    static func readable(_ name: JSONString) -> String {
        String(
            String.UnicodeScalarView(
                name.description.unicodeScalars.prefix(60).map { scalar in
                    scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789_.".unicodeScalars.contains(scalar))
                        ? scalar : "?"
                }))
    }
}

extension JSONString {
    /// The code points as bytes; nil where one is past 0xFF.
    fileprivate var latin1: [UInt8]? {
        withBytes { bytes in
            var result: [UInt8] = []
            var position = 0
            while position < bytes.count {
                guard let byte = UInt8(exactly: WTF8.codePoint(in: bytes, at: &position)) else { return nil }
                result.append(byte)
            }
            return result
        }
    }
}
