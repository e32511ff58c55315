import DjangoFormat
import EventLoop
import Sessions

/// One call of a session's method, by Django's name.
@EventLoop
struct Operation {
    private let order: JSONObject

    init(_ order: JSONObject) { self.order = order }

    /// - Returns: what the method returns; dates in microseconds since 1970-01-01 UTC.
    /// - Throws: ``SessionStoreError``, ``MissingKey`` for Python's `KeyError`, ``BadOrder``.
    func run(on session: Session, _ engine: SessionEngine) async throws -> JSONValue {
        switch try text("op") {
        case "get" where order["default"] == nil: return try await session[name] ?? .null
        case "get": return try await session.get(name, default: value("default"))
        case "getitem": return try await found(session[name])
        case "set": try await session.set(name, to: value("value"))
        case "del": _ = try await found(session.pop(name))
        case "pop" where order["default"] == nil: return try await found(session.pop(name))
        case "pop": return try await session.pop(name, default: value("default"))
        case "setdefault": return try await session.setDefault(name, to: value("value"))
        case "update": try await session.update(object("value"))
        case "has_key": return .bool(try await session.hasKey(name))
        case "keys": return .array(try await session.keys().map { .string($0) })
        case "values": return .array(try await session.values())
        case "items": return .object(try await session.items())
        case "clear": session.clear()
        case "is_empty": return .bool(session.isEmpty)
        case "set_accessed": session.accessed = try flag("value")
        case "set_modified": session.modified = try flag("value")
        case "encode": return .string(try session.encode(object("value")))
        case "decode": return .object(session.decode(try text("text")))
        case let name: return try await runOnStore(name, session, engine)
        }
        return .null
    }

    private func runOnStore(_ name: String, _ session: Session, _ engine: SessionEngine) async throws -> JSONValue {
        switch name {
        case "flush": try await session.flush()
        // Django writes at once what our save writes.
        case "cycle_key":
            try await session.cycleKey()
            try await session.save()
        case "cycle_key_later": try await session.cycleKey()
        case "set_test_cookie": try await session.setTestCookie()
        case "test_cookie_worked": return .bool(try await session.testCookieWorked())
        case "delete_test_cookie": try await session.deleteTestCookie()
        case "create": try await session.create()
        case "save": try await session.save(mustCreate: order["must_create"] == true)
        case "delete": try await session.delete(order["key"]?.string)
        case "exists": return .bool(try await session.exists(order["key"]?.string))
        case "load": return .object(try await session.load())
        case "clear_expired": try await engine.clearExpired()
        default: return try await runOnExpiry(name, session)
        }
        return .null
    }

    private func runOnExpiry(_ name: String, _ session: Session) async throws -> JSONValue {
        let modification = order["modification"]?.int.map(Int64.init)
        switch (name, order["expiry"] == nil) {
        case ("set_expiry", _): try await session.setExpiry(expiry())
        case ("get_expiry_age", true): return .double(try await session.getExpiryAge(modification: modification))
        case ("get_expiry_age", false):
            return .double(session.getExpiryAge(modification: modification, expiry: try expiry()))
        case ("get_expiry_date", true):
            return .int(Int(try await session.getExpiryDate(modification: modification)))
        case ("get_expiry_date", false):
            return .int(Int(session.getExpiryDate(modification: modification, expiry: try expiry())))
        case ("get_expire_at_browser_close", _): return .bool(try await session.getExpireAtBrowserClose())
        default: throw BadOrder("there is no operation \(name)")
        }
        return .null
    }

    // MARK: What the order says

    private var name: JSONString {
        get throws {
            guard case .string(let name) = order["name"] else { throw BadOrder("the name is missing") }
            return name
        }
    }

    private func text(_ field: String) throws -> String {
        guard let text = order[JSONString(field)]?.string else { throw BadOrder("\(field) is missing") }
        return text
    }

    private func flag(_ field: String) throws -> Bool {
        guard let flag = order[JSONString(field)]?.bool else { throw BadOrder("\(field) is missing") }
        return flag
    }

    private func value(_ field: String) throws -> JSONValue {
        try Pickle.decode([UInt8](hexadecimal: text(field)))
    }

    private func object(_ field: String) throws -> JSONObject {
        guard let object = try value(field).object else { throw BadOrder("\(field) is no dictionary of names") }
        return object
    }

    /// `[KIND, NUMBER]`; durations and dates in microseconds.
    private func expiry() throws -> SessionExpiry {
        guard let expiry = order["expiry"]?.array, expiry.count == 2 else { throw BadOrder("the expiry is missing") }
        let number = expiry[1].int ?? 0
        return switch expiry[0].string {
        case "none": .default
        case "seconds": .seconds(number)
        case "fraction": .seconds(expiry[1].double ?? 0)
        case "duration": .duration(.microseconds(number))
        case "date": .date(Int64(number))
        default: throw BadOrder("there is no such expiry")
        }
    }

    private func found(_ value: JSONValue?) throws -> JSONValue {
        guard let value else { throw MissingKey() }
        return value
    }
}

/// Where Python raises `KeyError` there is no value here.
struct MissingKey: Error {}

extension [UInt8] {
    var hexadecimal: String { map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }

    init(hexadecimal text: String) throws {
        let digits = try text.utf8.map { digit in
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { throw BadOrder("no hexadecimal") }
            return UInt8(value)
        }
        self = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
