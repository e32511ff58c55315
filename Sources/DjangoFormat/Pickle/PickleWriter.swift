/// Writes pickles of protocol 5 without frames and without a memo: both may be left out.
struct PickleWriter {
    private var output: [UInt8] = [PickleOpcode.proto, 5]

    mutating func finish() -> [UInt8] {
        output.append(PickleOpcode.stop)
        return output
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: output.append(PickleOpcode.none)
        case .bool(let value): output.append(value ? PickleOpcode.newTrue : PickleOpcode.newFalse)
        case .number(let number): write(number)
        case .string(let string): write(string)
        case .array(let items): write(items)
        case .object(let object):
            output.append(PickleOpcode.emptyDict)
            writeItems(object.isEmpty) { writer in
                for (key, value) in object {
                    writer.write(key)
                    writer.write(value)
                }
            }
        case .python(let value): write(value)
        }
    }

    private mutating func write(_ value: PythonValue) {
        switch value {
        case .tuple(let items): writeTuple(items)
        case .bytes(let bytes):
            write(bytes, short: PickleOpcode.shortBinBytes, medium: PickleOpcode.binBytes, PickleOpcode.binBytes8)
        case .byteArray(let bytes):
            output.append(PickleOpcode.byteArray8)
            append(UInt64(bytes.count))
            output += bytes
        case .dictionary(let dictionary):
            output.append(PickleOpcode.emptyDict)
            writeItems(dictionary.isEmpty) { writer in
                for (key, value) in dictionary {
                    writer.write(key)
                    writer.write(value)
                }
            }
        case .date(let date): writeCall("date", [.python(.bytes(date.state))])
        case .time(let time): writeCall("time", state: time.state, zone: time.zone)
        case .dateTime(let moment): writeCall("datetime", state: moment.state, zone: moment.time.zone)
        case .timeDelta(let delta):
            writeCall("timedelta", [.int(delta.days), .int(delta.seconds), .int(delta.microseconds)])
        case .timeZone(let zone):
            writeCall("timezone", [.python(.timeDelta(zone.offset))] + (zone.name.map { [.string($0)] } ?? []))
        }
    }

    private mutating func writeCall(_ name: JSONString, state: [UInt8], zone: PythonTimeZone?) {
        writeCall(name, [.python(.bytes(state))] + (zone.map { [.python(.timeZone($0))] } ?? []))
    }

    private mutating func writeCall(_ name: JSONString, _ arguments: [JSONValue]) {
        write("datetime" as JSONString)
        write(name)
        output.append(PickleOpcode.stackGlobal)
        writeTuple(arguments)
        output.append(PickleOpcode.reduce)
    }

    private mutating func writeTuple(_ items: [JSONValue]) {
        if items.count > 3 { output.append(PickleOpcode.mark) }
        for item in items { write(item) }
        switch items.count {
        case 0: output.append(PickleOpcode.emptyTuple)
        case 1: output.append(PickleOpcode.tuple1)
        case 2: output.append(PickleOpcode.tuple2)
        case 3: output.append(PickleOpcode.tuple3)
        default: output.append(PickleOpcode.tuple)
        }
    }

    private mutating func write(_ items: [JSONValue]) {
        output.append(PickleOpcode.emptyList)
        guard !items.isEmpty else { return }
        output.append(PickleOpcode.mark)
        for item in items { write(item) }
        output.append(PickleOpcode.appends)
    }

    private mutating func writeItems(_ isEmpty: Bool, _ body: (inout PickleWriter) -> Void) {
        guard !isEmpty else { return }
        output.append(PickleOpcode.mark)
        body(&self)
        output.append(PickleOpcode.setItems)
    }

    private mutating func write(_ number: JSONNumber) {
        guard number.isInteger else {
            output.append(PickleOpcode.binFloat)
            withUnsafeBytes(of: number.doubleValue.bitPattern.bigEndian) { output.append(contentsOf: $0) }
            return
        }
        switch number.intValue {
        case let value? where UInt8(exactly: value) != nil:
            output.append(PickleOpcode.binInt1)
            append(UInt8(truncatingIfNeeded: value))
        case let value? where UInt16(exactly: value) != nil:
            output.append(PickleOpcode.binInt2)
            append(UInt16(truncatingIfNeeded: value))
        case let value? where Int32(exactly: value) != nil:
            output.append(PickleOpcode.binInt)
            append(Int32(truncatingIfNeeded: value))
        default:
            let bytes = PickledInteger.bytes(number.text)
            output.append(bytes.count < 0x100 ? PickleOpcode.long1 : PickleOpcode.long4)
            if bytes.count < 0x100 { append(UInt8(bytes.count)) } else { append(UInt32(clamping: bytes.count)) }
            output += bytes
        }
    }

    private mutating func write(_ string: JSONString) {
        string.withBytes { bytes in
            writeHeader(
                bytes.count, short: PickleOpcode.shortBinUnicode, medium: PickleOpcode.binUnicode,
                PickleOpcode.binUnicode8)
            output.append(bytes)
        }
    }

    private mutating func write(_ bytes: [UInt8], short: UInt8, medium: UInt8, _ long: UInt8) {
        writeHeader(bytes.count, short: short, medium: medium, long)
        output += bytes
    }

    /// The opcode for so many bytes, and the number.
    private mutating func writeHeader(_ count: Int, short: UInt8, medium: UInt8, _ long: UInt8) {
        if let count = UInt8(exactly: count) {
            output.append(short)
            append(count)
        } else if let count = UInt32(exactly: count) {
            output.append(medium)
            append(count)
        } else {
            output.append(long)
            append(UInt64(count))
        }
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { output.append(contentsOf: $0) }
    }
}
