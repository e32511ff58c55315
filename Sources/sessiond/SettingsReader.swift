import Configuration
import DjangoFormat
import Glibc

/// Reads settings as raw text and validates them here, because a value that is wrong must be an error, never a default.
struct SettingsReader {
    private let config: ConfigReader
    /// What is wrong, a line for each setting; the value of a secret is not repeated.
    private(set) var errors: [String] = []

    /// - Parameter reporter: hears of each setting that is asked for.
    init(
        _ provider: some ConfigProvider = EnvironmentVariablesProvider(), reporter: (any AccessReporter)? = nil
    ) {
        config = ConfigReader(provider: provider, accessReporter: reporter)
    }

    func text(_ name: String) -> String? { config.string(forKey: ConfigKey([name])) }

    /// - Parameter problem: may quote the value, whose control characters are not to reach a terminal.
    mutating func fail(_ name: String, _ problem: String) {
        let printable = problem.unicodeScalars.map {
            $0.properties.generalCategory == .control ? $0.escaped(asASCII: true) : String($0)
        }
        errors.append("\(name): \(printable.joined())")
    }

    // MARK: Kinds of values

    mutating func read(_ name: String, into value: inout Bool) {
        guard let text = text(name) else { return }
        switch text.lowercased() {
        case "true", "1", "yes", "on": value = true
        case "false", "0", "no", "off": value = false
        default: fail(name, "'\(text)' is neither true nor false; set True or False")
        }
    }

    mutating func read(_ name: String, into value: inout Int, _ range: ClosedRange<Int>, unit: String) {
        guard let text = text(name) else { return }
        guard let number = Int(text), range.contains(number) else {
            let span =
                range.upperBound == .max
                ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            return fail(name, "'\(text)' is not a whole number of \(unit); set one \(span), digits only")
        }
        value = number
    }

    /// `None` stands for nil, as in Django's settings.
    mutating func read(_ name: String, into value: inout Int?, _ range: ClosedRange<Int>, unit: String) {
        if text(name) == "None" { return value = nil }
        var number = value ?? range.lowerBound
        read(name, into: &number, range, unit: unit)
        if text(name) != nil { value = number }
    }

    /// - Parameter accepts: what the text must be like; `rule` says it in words.
    mutating func read(_ name: String, into value: inout String, _ rule: String, _ accepts: (String) -> Bool) {
        guard let text = text(name) else { return }
        if accepts(text) { value = text } else { fail(name, "'\(text)' \(rule)") }
    }

    /// `None` and the empty text stand for nil.
    mutating func read(_ name: String, into value: inout String?, _ rule: String, _ accepts: (String) -> Bool) {
        guard let text = text(name) else { return }
        if text.isEmpty || text == "None" { return value = nil }
        if accepts(text) { value = text } else { fail(name, "'\(text)' \(rule)") }
    }

    /// A list of strings, as a JSON array.
    mutating func read(_ name: String, into value: inout [String]) {
        guard let text = text(name) else { return }
        if let list = Self.list(text) {
            value = list
        } else {
            fail(name, "'\(text)' is no list; set a JSON array such as [\"a\", \"b\"]")
        }
    }

    static func list(_ text: String) -> [String]? {
        guard case .array(let elements)? = try? JSON.decode(Array(text.utf8)) else { return nil }
        let strings = elements.compactMap(\.string)
        return strings.count == elements.count ? strings : nil
    }

    // MARK: Secrets

    /// A secret from the variable itself, from the file that `NAME_FILE` names, or from a systemd credential.
    mutating func secret(_ name: String) -> String? {
        let file = text(name + "_FILE")
        if let value = text(name) {
            if file != nil { fail(name, "both \(name) and \(name)_FILE are set; keep one of them") }
            return value
        }
        let credential = text("CREDENTIALS_DIRECTORY").map { $0 + "/" + name.lowercased() }
        guard let path = file ?? credential else { return nil }
        do throws(UnreadableFile) {
            return try Self.contents(of: path)
        } catch {
            if file != nil {
                fail(name + "_FILE", "the file cannot be read: \(error)")
            } else if error.number != ENOENT {
                fail(name, "the credential cannot be read: \(error)")
            }
            return nil
        }
    }

    struct UnreadableFile: Error, CustomStringConvertible {
        /// An `errno`; nil where the file is not UTF-8.
        let number: Int32?

        var description: String { number.map { String(cString: strerror($0)) } ?? "it is not UTF-8" }
    }

    /// The file's text, unless asked otherwise without the line break at its end.
    static func contents(of path: String, keepingLineBreak: Bool = false) throws(UnreadableFile) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UnreadableFile(number: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw UnreadableFile(number: errno) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        if !keepingLineBreak, bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw UnreadableFile(number: nil) }
        return text
    }
}
