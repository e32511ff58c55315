import EventLoop
import PostgreSQL

/// The table `django_session`, as Django's migration makes it.
@EventLoop
enum SessionTable {
    private static let columns = Statement(
        """
        SELECT attname, format_type(atttypid, atttypmod), attnotnull, atthasdef FROM pg_attribute \
        WHERE attrelid = to_regclass('django_session') AND attnum > 0 AND NOT attisdropped ORDER BY attnum
        """)

    /// The columns that an index begins with, and whether it is the primary key.
    private static let indexes = Statement(
        """
        SELECT attname, indisprimary FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0] \
        WHERE indrelid = to_regclass('django_session')
        """)

    private static let expected = [
        ("session_key", "character varying(40)"), ("session_data", "text"), ("expire_date", "timestamp with time zone"),
    ]

    static func examine(_ settings: Settings) async -> [Finding] {
        do {
            let client = try commandClient(settings)
            let deadline = ContinuousClock.now + .seconds(settings.databaseTimeout)
            let found = try await client.execute(columns, deadline: deadline)
            guard found.count > 0 else {
                return [
                    Finding("table", .problem("there is no django_session; run sessiond migrate, or manage.py migrate"))
                ]
            }
            let problems = compare(found) + (try await compareIndexes(client.execute(indexes, deadline: deadline)))
            return [Finding("table", problems.isEmpty ? .ok : .problem(problems.joined(separator: "; ")))]
        } catch {
            return [Finding("database", .problem("it cannot be used: \(error); see DATABASE_URL"))]
        }
    }

    private static func compare(_ found: PostgresResult) -> [String] {
        var problems: [String] = []
        var missing = expected
        for row in 0..<found.count {
            let (name, type) = (found.string(row, 0) ?? "", found.string(row, 1) ?? "")
            if let place = missing.firstIndex(where: { $0.0 == name }) {
                let wanted = missing.remove(at: place).1
                if type != wanted { problems.append("\(name) is \(type); ALTER COLUMN \(name) TYPE \(wanted)") }
            } else if found.integer(row, 2) == 1, found.integer(row, 3) != 1 {
                problems.append("\(name) is not of Django's and must not be empty; give it a DEFAULT")
            }
        }
        return problems + missing.map { "\($0.0) is missing; ADD COLUMN \($0.0) \($0.1) NOT NULL" }
    }

    private static func compareIndexes(_ found: PostgresResult) -> [String] {
        let rows = (0..<found.count).map { (found.string($0, 0), found.integer($0, 1) == 1) }
        var problems: [String] = []
        if !rows.contains(where: { $0 == ("session_key", true) }) {
            problems.append("session_key is not the primary key; ADD PRIMARY KEY (session_key)")
        }
        if !rows.contains(where: { $0.0 == "expire_date" }) {
            problems.append("expire_date has no index; CREATE INDEX ON django_session (expire_date)")
        }
        return problems
    }
}
