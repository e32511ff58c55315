@testable import DjangoFormat
import TestSupport
import Testing

@Suite("Parity with a real Django")
struct DjangoParityTests {
    private let codec = SessionCodec(secretKey: "test-secret-key")

    @Test(
        "What Django writes and reads is written and read here to the byte",
        .enabled(if: VectorFiles.fromDjango != nil, "DJANGO_VECTORS names no output of Tests/Parity/vectors.py"))
    func fromDjango() throws {
        let records = try VectorFiles.read(try #require(VectorFiles.fromDjango))
        var counts: [String: Int] = [:]
        for (index, record) in records.enumerated() {
            let kind = try #require(record["kind"]?.string)
            counts[kind, default: 0] += 1
            switch kind {
            case "session": try checkSession(record, index)
            case "json": try checkJSON(record, index)
            case "base64": try checkBase64(record, index)
            case "csrf": try checkCSRF(record, index)
            case "pickle": try checkPickle(record, index)
            default: Issue.record("record \(index) is of the unknown kind \(kind)")
            }
        }
        #expect(counts["session", default: 0] >= 1000)
        #expect(Set(counts.keys) == ["session", "json", "base64", "csrf", "pickle"])
    }

    @Test(
        "What is written here is left in a file for Django to read",
        .enabled(if: VectorFiles.toDjango != nil, "SWIFT_VECTORS names no file for Tests/Parity/check.py"))
    func toDjango() throws {
        var random = RandomValues(seed: 2)
        var records = try (0..<2000).map { _ in
            let time = Int.random(in: -1000...4_000_000_000, using: &random.generator)
            let signed = try codec.encode(random.object(), at: time)
            return ["signed": .string(String(decoding: signed, as: UTF8.self)), "time": .int(time)] as JSONObject
        }
        records += try pickles()
        try VectorFiles.write(records, to: try #require(VectorFiles.toDjango))
    }

    /// The data is built value by value, so that neither reading nor writing can hide the other's mistake.
    private func checkSession(_ record: JSONObject, _ index: Int) throws {
        let description = try #require(record["value"])
        let data = try #require(try build(description).object)
        let time = try #require(record["time"]?.int)
        let signed = [UInt8](try #require(record["signed"]?.string).utf8)
        let json = [UInt8](try #require(record["json"]?.string).utf8)
        try expect(JSON.encode(.object(data)) == json, "the JSON of record \(index) is another")
        try expect(JSON.decode(json) == .object(data), "the JSON of record \(index) is misread")
        try expect(codec.encode(data, at: time) == signed, "the session data of record \(index) is another")
        expect(codec.decode(signed) == .data(data), "the session data of record \(index) is misread")
    }

    /// Texts that are JSON, almost JSON or nothing like it; `dumps` is missing where Python raises an error.
    private func checkJSON(_ record: JSONObject, _ index: Int) throws {
        let text = try #require(record["text"]?.string).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let dumps = record["dumps"]?.string.map { [UInt8]($0.utf8) }
        let value = try? JSON.decode(text)
        try expect(value.map { try JSON.encode(pythonNumbers($0)) } == dumps, "record \(index) is read otherwise")
    }

    private func checkBase64(_ record: JSONObject, _ index: Int) throws {
        let text = try #require(record["text"]?.string).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        let bytes = record["bytes"]?.string.map { $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
        expect(Base64URL.decode(text) == bytes, "record \(index) is read otherwise")
    }

    private func checkCSRF(_ record: JSONObject, _ index: Int) throws {
        let secret = try #require(record["secret"]?.string)
        let token = try #require(record["token"]?.string)
        expect(CSRF.unmask(token) == secret && CSRF.tokensMatch(token, secret), "token \(index) does not match")
        let masked = CSRF.mask(secret) { _ = $0.initialize(fromContentsOf: token.utf8.prefix(32)) }
        expect(masked == token, "token \(index) is masked otherwise")
    }

    /// Without `value` the pickle holds what is refused.
    private func checkPickle(_ record: JSONObject, _ index: Int) throws {
        let pickle = try hexadecimal(try #require(record["pickle"]))
        guard let description = record["value"] else {
            #expect { try Pickle.decode(pickle) } throws: { error in
                if case .refused = (error as? PickleError)?.reason { true } else { false }
            }
            return
        }
        let value = try build(description)
        try expect(Pickle.decode(pickle) == value, "the pickle of record \(index) is misread")
        try expect(Pickle.decode(Pickle.encode(value)) == value, "the value of record \(index) is changed by a pickle")
        let json = record["dumps"]?.string.map { [UInt8]($0.utf8) }
        expect((try? JSON.encode(pythonNumbers(value))) == json, "the value of record \(index) has another JSON")
    }

    /// Each pickle that Python made, beside what is written here of its value.
    private func pickles() throws -> [JSONObject] {
        guard let path = VectorFiles.fromDjango else { return [] }
        return try VectorFiles.read(path).compactMap { record in
            guard record["kind"]?.string == "pickle", record["value"] != nil, let pickle = record["pickle"] else {
                return nil
            }
            let written = Pickle.encode(try Pickle.decode(try hexadecimal(pickle)))
            let text = written.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            return ["python": pickle, "swift": .string(text)]
        }
    }

    private func hexadecimal(_ text: JSONValue) throws -> [UInt8] {
        let digits = Array(try #require(text.string).utf8)
        return stride(from: 0, to: digits.count, by: 2).map { start in
            UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }

    /// `#expect` would show the values, which may fill pages.
    private func expect(_ holds: @autoclosure () throws -> Bool, _ otherwise: Comment) rethrows {
        if try !holds() { Issue.record(otherwise) }
    }

    /// A value from vectors.py's description: the bits of floats and the UTF-16 of strings, in hexadecimal.
    private func build(_ description: JSONValue) throws -> JSONValue {
        guard case .object(let object) = description else { return description }
        let (kind, content) = try #require(object.elements.first)
        switch kind {
        case "int":
            let text = try #require(content.string)
            return .number(try #require(JSONNumber(text: text)))
        case "float":
            let digits = try #require(content.string)
            return .double(Double(bitPattern: try #require(UInt64(digits, radix: 16))))
        case "string": return .string(try string(content))
        case "array": return .array(try #require(content.array).map(build))
        case "object": break
        default: return .python(try python(kind, content))
        }
        var result: JSONObject = [:]
        for entry in try #require(content.array) {
            let pair = try #require(entry.array)
            result[try string(pair[0])] = try build(pair[1])
        }
        return .object(result)
    }

    private func python(_ kind: JSONString, _ content: JSONValue) throws -> PythonValue {
        switch kind {
        case "bytes": return .bytes(try hexadecimal(content))
        case "bytearray": return .byteArray(try hexadecimal(content))
        default: break
        }
        let parts = try #require(content.array)
        switch kind {
        case "tuple": return .tuple(try parts.map(build))
        case "dict":
            var result: PythonDictionary = [:]
            for entry in parts {
                let pair = try #require(entry.array)
                result[try build(pair[0])] = try build(pair[1])
            }
            return .dictionary(result)
        case "date": return .date(try date(content))
        case "time": return .time(try time(content))
        case "datetime": return .dateTime(PythonDateTime(date: try date(parts[0]), time: try time(parts[1])))
        case "timedelta": return .timeDelta(try delta(content))
        case "timezone": return .timeZone(try zone(content))
        default: throw VectorFiles.FileError(description: "\(kind) is no kind of value")
        }
    }

    private func date(_ parts: JSONValue) throws -> PythonDate {
        let numbers = try #require(parts.array).compactMap(\.int)
        return try #require(PythonDate(year: numbers[0], month: numbers[1], day: numbers[2]))
    }

    private func time(_ parts: JSONValue) throws -> PythonTime {
        let parts = try #require(parts.array)
        let numbers = parts.compactMap(\.int)
        return try #require(
            PythonTime(
                hour: numbers[0], minute: numbers[1], second: numbers[2], microsecond: numbers[3],
                isFolded: numbers[4] == 1, zone: parts[5].isNull ? nil : try zone(parts[5])))
    }

    private func delta(_ parts: JSONValue) throws -> PythonTimeDelta {
        let numbers = try #require(parts.array).compactMap(\.int)
        return try #require(PythonTimeDelta(days: numbers[0], seconds: numbers[1], microseconds: numbers[2]))
    }

    private func zone(_ parts: JSONValue) throws -> PythonTimeZone {
        let parts = try #require(parts.array)
        return try #require(
            PythonTimeZone(offset: try delta(parts[0]), name: parts[1].isNull ? nil : try string(parts[1])))
    }

    private func string(_ hexadecimal: JSONValue) throws -> JSONString {
        let digits = Array(try #require(hexadecimal.string).utf8)
        return JSONString(
            utf16: stride(from: 0, to: digits.count, by: 4).map { start in
                UInt16(String(decoding: digits[start..<start + 4], as: UTF8.self), radix: 16) ?? 0
            })
    }

    /// Python reads numbers as values where we keep their text: `1E5` comes back as `100000.0`.
    private func pythonNumbers(_ value: JSONValue) -> JSONValue {
        switch value {
        case .number(let number) where number.text == "-0": 0
        case .number(let number): number.isInteger ? value : .double(number.doubleValue)
        case .array(let array): .array(array.map(pythonNumbers))
        case .object(let object): .object(object.mapValues(pythonNumbers))
        default: value
        }
    }
}
