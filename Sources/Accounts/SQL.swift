import PostgreSQL

/// Every statement that is sent to `auth_user` and its neighbours, whose owner is Django.
enum SQL {
    /// Of `auth_user AS u`, as a ``User`` is read.
    static let columns = "u.id, u.username, u.password, u.is_active, u.is_staff, u.is_superuser, u.last_login"

    static let usersByID = Statement("SELECT \(columns) FROM auth_user AS u WHERE u.id = ANY ($1)")

    static let usersByName = Statement("SELECT \(columns) FROM auth_user AS u WHERE u.username = ANY ($1)")

    /// The passwords of all users where they are a thousand at most, else of some that are drawn at random: each draw takes
    /// the next id that there is, because most of them may be gone.
    static let samplePasswords = Statement(
        """
        WITH few AS MATERIALIZED (SELECT password FROM auth_user LIMIT 1001), drawn AS (
            SELECT DISTINCT n.id FROM (
                SELECT r.low + floor(random() * (r.high - r.low + 1))::bigint AS draw
                FROM (SELECT min(id)::bigint AS low, max(id)::bigint AS high FROM auth_user) AS r, generate_series(1, 1000)
            ) AS d CROSS JOIN LATERAL (SELECT id FROM auth_user WHERE id >= d.draw ORDER BY id LIMIT 1) AS n
        )
        SELECT password FROM few WHERE (SELECT count(*) FROM few) <= 1000
        UNION ALL
        SELECT u.password FROM drawn JOIN auth_user AS u USING (id) WHERE (SELECT count(*) FROM few) > 1000
        """)

    static let accesses = Statement(
        """
        SELECT \(columns), ARRAY(
            SELECT g.name FROM auth_user_groups AS m JOIN auth_group AS g ON g.id = m.group_id
            WHERE m.user_id = u.id ORDER BY g.name
        ), ARRAY(
            SELECT t.app_label || '.' || p.codename
            FROM auth_permission AS p JOIN django_content_type AS t ON t.id = p.content_type_id
            WHERE p.id IN (
                SELECT permission_id FROM auth_user_user_permissions WHERE user_id = u.id
                UNION SELECT r.permission_id FROM auth_user_groups AS m
                    JOIN auth_group_permissions AS r ON r.group_id = m.group_id WHERE m.user_id = u.id)
            ORDER BY 1
        ) FROM auth_user AS u WHERE u.id = ANY ($1)
        """)

    /// Locks first, in the order of the ids and past what others hold: no deadlock between workers, and one locked row
    /// does not stall the rest. Returns the ids that it wrote.
    static let updateLastLogins = Statement(
        """
        WITH input AS (
            SELECT id, max(moment) AS moment FROM unnest($1::bigint[], $2::timestamptz[]) AS t (id, moment) GROUP BY id
        ), locked AS (
            SELECT id FROM auth_user WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE auth_user AS u SET last_login = input.moment FROM locked JOIN input ON input.id = locked.id
        WHERE u.id = locked.id RETURNING u.id
        """)

    static let updateLastLogin = Statement("UPDATE auth_user SET last_login = $2 WHERE id = $1")
}
