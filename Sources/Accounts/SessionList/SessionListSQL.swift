import PostgreSQL

/// Every statement that is sent to the tables of the list of sessions.
enum SessionListSQL {
    static let begin = Statement("BEGIN")
    static let commit = Statement("COMMIT")
    static let rollback = Statement("ROLLBACK")

    /// The sessions of users, those that were seen last first, and no more than so many of each. An entry whose session
    /// has expired or is gone, although its change waits in the queue, counts no more: else it would hide the others.
    static let sessions = Statement(
        """
        SELECT l.user_id, l.session_key, l.created, l.last_seen, l.address, l.device
        FROM (SELECT DISTINCT id FROM unnest($1::bigint[]) AS t (id)) AS u CROSS JOIN LATERAL (
            SELECT * FROM sessiond_session AS e WHERE user_id = u.id
                AND EXISTS (
                    SELECT FROM django_session AS s WHERE s.session_key = e.session_key AND s.expire_date > now())
            ORDER BY last_seen DESC, session_key LIMIT $2
        ) AS l
        """)

    /// Sessions, and the users whom the list has for them. Each row is looked up by its key, whatever the tables' sizes,
    /// as in partitions. A text that is large is left out.
    static let hintedSessions = hinted(upTo: 65536, else: "NULL")

    /// A text past 16 MiB is no session that this program would decode.
    static let hintedSession = hinted(upTo: 16_777_216, else: "''")

    private static func hinted(upTo size: Int, else other: String) -> Statement {
        Statement(
            """
            SELECT s.*, u.*
            FROM (SELECT DISTINCT unnest($1::text[]) AS key) AS k CROSS JOIN LATERAL (
                SELECT session_key, CASE WHEN octet_length(session_data) <= \(size) THEN session_data ELSE \(other) END,
                    expire_date
                FROM django_session WHERE session_key = key LIMIT 1
            ) AS s LEFT JOIN LATERAL (
                SELECT user_id FROM sessiond_session AS e WHERE e.session_key = key LIMIT 1
            ) AS l ON true LEFT JOIN LATERAL (
                SELECT \(SQL.columns) FROM auth_user AS u WHERE u.id = l.user_id LIMIT 1
            ) AS u ON true
            """)
    }

    // MARK: What changed
    //
    // A batch is a transaction of two round trips, because the worker has to read the sessions in between. Another
    // takes other changes meanwhile; a worker that dies gives its own back. Nothing here waits for a lock on
    // django_session: what somebody holds goes back into the queue. The other way round, who deletes a session waits
    // until its entry is committed, so that his change, which comes after, finds the entry: none outlives its session.

    /// Takes changes: each key, when it changed first, the version and the data of its row (none where it is gone, no
    /// data where that is large), and how many changes of it there were. $1: how many at most.
    static let take = Statement(
        """
        WITH taken AS (
            DELETE FROM sessiond_session_change WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM sessiond_session_change LIMIT $1 FOR UPDATE SKIP LOCKED))
            RETURNING session_key, changed
        ), keys AS (
            SELECT session_key, min(changed) AS changed, count(*) AS changes FROM taken GROUP BY session_key
        )
        SELECT k.session_key, k.changed, s.xmin::text,
            CASE WHEN octet_length(s.session_data) <= 65536 THEN s.session_data END, k.changes
        FROM keys AS k LEFT JOIN django_session AS s ON s.session_key = k.session_key
        """)

    /// What ``take`` left out; a text past 16 MiB is no session that this program would decode.
    static let data = Statement(
        """
        SELECT CASE WHEN octet_length(session_data) <= 16777216 THEN session_data ELSE '' END, xmin::text \
        FROM django_session WHERE session_key = $1
        """)

    /// Enters the sessions of users. One that has changed since has a newer change in the queue, which counts.
    static let enter = Statement(
        """
        WITH input AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
                AS t (key, version, user_id, created, last_seen)
        ), locked AS (
            SELECT session_key, xmin::text AS version FROM django_session WHERE session_key = ANY ($1)
            ORDER BY session_key FOR KEY SHARE SKIP LOCKED
        ), entered AS (
            INSERT INTO sessiond_session AS l (session_key, user_id, created, last_seen)
            SELECT key, user_id, created, last_seen
            FROM input JOIN locked ON locked.session_key = input.key AND locked.version = input.version ORDER BY key
            ON CONFLICT (session_key) DO UPDATE SET user_id = excluded.user_id,
                created = least(l.created, excluded.created), last_seen = greatest(l.last_seen, excluded.last_seen)
        )
        INSERT INTO sessiond_session_change (session_key, changed)
        SELECT key, created FROM input WHERE NOT EXISTS (SELECT FROM locked WHERE locked.session_key = input.key)
            AND EXISTS (SELECT FROM django_session AS s WHERE s.session_key = input.key)
        """)

    /// Strikes out the sessions that are gone (their version is empty) or are nobody's, unless they have changed since.
    static let strike = Statement(
        """
        WITH input AS (
            SELECT * FROM unnest($1::text[], $2::text[]) AS t (key, version)
        ), locked AS (
            SELECT session_key FROM sessiond_session WHERE session_key = ANY ($1)
            ORDER BY session_key FOR UPDATE SKIP LOCKED
        ), struck AS (
            DELETE FROM sessiond_session AS l USING locked, input
            WHERE l.session_key = locked.session_key AND input.key = locked.session_key AND NOT EXISTS (
                SELECT FROM django_session AS s WHERE s.session_key = input.key AND s.xmin::text <> input.version)
        )
        INSERT INTO sessiond_session_change (session_key, changed)
        SELECT session_key, now() FROM sessiond_session AS l WHERE l.session_key = ANY ($1)
            AND NOT EXISTS (SELECT FROM locked WHERE locked.session_key = l.session_key)
        """)

    // MARK: What the worker saw itself

    /// Enters visits; an empty address or device is not known. Returns the keys of the sessions that were there.
    static let visit = Statement(
        """
        WITH input AS (
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[])
                AS t (key, user_id, seen, address, device)
        ), locked AS (
            SELECT session_key FROM django_session WHERE session_key = ANY ($1)
            ORDER BY session_key FOR KEY SHARE SKIP LOCKED
        )
        INSERT INTO sessiond_session AS l (session_key, user_id, created, last_seen, address, device)
        SELECT key, user_id, seen, seen, nullif(address, ''), nullif(device, '')
        FROM input JOIN locked ON locked.session_key = input.key ORDER BY key
        ON CONFLICT (session_key) DO UPDATE SET user_id = excluded.user_id,
            last_seen = greatest(l.last_seen, excluded.last_seen), address = excluded.address, device = excluded.device
        RETURNING session_key
        """)
}
