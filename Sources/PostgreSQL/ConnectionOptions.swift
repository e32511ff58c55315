import CLibPQ
import EventLoop
import Glibc

/// Where PostgreSQL is: what libpq reads from a URI, a keyword string and the `PG*` variables, one host at a time.
public struct ConnectionOptions: Sendable {
    struct Host: Sendable {
        var name: String
        var address: String?
        var port: String
    }

    let hosts: [Host]
    private let common: [String: String]
    /// The user's own `options`, to which `settings` are added.
    private let ownOptions: String
    private let settings: [(name: String, value: String)]

    /// The longest time that a connection attempt to one host takes.
    let connectTimeout: Duration

    /// - Parameters:
    ///   - conninfo: a libpq URI or keyword string; empty for the `PG*` variables alone.
    ///   - settings: run-time parameters of the server (`statement_timeout`, …) for each connection.
    /// - Throws: ``InvalidConnectionString``, which does not repeat the string, because it may hold a password.
    public init(_ conninfo: String, settings: [String: String] = [:]) throws(InvalidConnectionString) {
        let own = try Self.read(PQconninfoParse(conninfo, nil))
        // What a service says counts for more than libpq's defaults, so it must be known before these are read.
        if let service = own["service"] { setenv("PGSERVICE", service, 1) }
        var options = try Self.read(PQconndefaults()).merging(own) { _, own in own }

        let names = Self.list(options.removeValue(forKey: "host"))
        let addresses = Self.list(options.removeValue(forKey: "hostaddr"))
        let ports = Self.list(options.removeValue(forKey: "port"))
        let count = max(names.count, addresses.count, 1)
        guard [0, 1, count].contains(ports.count), [0, count].contains(addresses.count),
            [0, count].contains(names.count)
        else { throw InvalidConnectionString() }
        hosts = (0..<count).map { index in
            Host(
                name: names.indices.contains(index) ? names[index] : "",
                address: addresses.indices.contains(index) ? addresses[index] : nil,
                port: ports.isEmpty ? "5432" : ports[min(index, ports.count - 1)])
        }
        connectTimeout = .seconds(options["connect_timeout"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 2)

        // Sessions are written and read on one server: a standby may lag behind.
        if count > 1, options["target_session_attrs"] == "any" { options["target_session_attrs"] = "read-write" }
        ownOptions = options.removeValue(forKey: "options") ?? ""
        self.settings = settings.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        options["client_encoding"] = "UTF8"
        options["fallback_application_name"] = "sessiond"
        for (keyword, value) in [
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"),
        ] where options[keyword] == nil {
            options[keyword] = value
        }
        common = options
    }

    /// - Parameter withSettings: whether the settings are among them; a pooler may refuse such a connection.
    func parameters(for host: Host, withSettings: Bool) -> [(name: String, value: String)] {
        var parameters = common.map { (name: $0.key, value: $0.value) }
        // The last of two assignments holds: ours.
        let assignments = withSettings ? settings.map { "-c \($0.name)=\(Self.escaped($0.value))" } : []
        parameters.append((name: "options", value: ([ownOptions] + assignments).joined(separator: " ")))
        parameters.append((name: "host", value: host.name))
        if let address = host.address { parameters.append((name: "hostaddr", value: address)) }
        parameters.append((name: "port", value: host.port))
        return parameters
    }

    /// Makes the settings for one transaction; nil where there are none.
    var settingsQuery: Query? {
        guard !settings.isEmpty else { return nil }
        let calls = settings.indices.map { "set_config($\(2 * $0 + 1), $\(2 * $0 + 2), true)" }
        return Query(
            Statement("SELECT " + calls.joined(separator: ", ")),
            settings.flatMap { [.text($0.name), .text($0.value)] })
    }

    /// A value in the server's command line, which is split at spaces.
    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { $0 += ($1 == " " || $1 == "\\" ? "\\" : "") + String($1) }
    }

    private static func list(_ value: String?) -> [String] {
        guard let value, !value.isEmpty else { return [] }
        return value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    private static func read(
        _ options: UnsafeMutablePointer<PQconninfoOption>?
    ) throws(InvalidConnectionString) -> [String: String] {
        guard let options else { throw InvalidConnectionString() }
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return values
    }
}

/// The text is not what libpq accepts as a connection string.
public struct InvalidConnectionString: Error, CustomStringConvertible {
    public var description: String {
        "not a libpq connection string (such as postgresql://user@host:5432/name or postgresql:///name?host=/run/postgresql)"
    }
}

extension ConnectionOptions.Host {
    /// The host's addresses. libpq would look a name up itself, and block the loop in it.
    func resolved() async throws(PostgresError) -> [ConnectionOptions.Host] {
        guard address == nil, !name.isEmpty, !name.hasPrefix("/"), !name.hasPrefix("@") else { return [self] }
        let addresses = await EventLoop.addresses(ofHost: name)
        guard !addresses.isEmpty else { throw .connectionLost("the database's host name was not found") }
        return addresses.map { ConnectionOptions.Host(name: name, address: $0, port: port) }
    }
}
