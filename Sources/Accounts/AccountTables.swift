import EventLoop
import PostgreSQL

/// Django's tables that accounts are read from.
public enum AccountTables {
    private static let names = [
        "auth_user", "auth_group", "auth_permission", "auth_user_groups", "auth_user_user_permissions",
        "auth_group_permissions", "django_content_type",
    ]

    private static let missing = Statement(
        "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL")

    /// Those that the database does not have.
    @EventLoop
    public static func missing(in client: PostgresClient) async throws(PostgresError) -> [String] {
        let result = try await client.execute(missing, [.textArray(names)], deadline: .now + .seconds(5))
        return (0..<result.count).compactMap { result.string($0, 0) }
    }
}
