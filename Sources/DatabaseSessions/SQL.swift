import PostgreSQL

/// Every statement that is sent to `django_session`.
enum SQL {
    // The loads leave it to their caller to compare `expire_date`: in a table of a few thousand rows the planner would
    // rather walk the index of dates, every session that has not expired, than look the keys up.

    /// A value past this size is left out of a batch and loaded alone, so that it does not hold up its neighbours.
    static let load = Statement(
        """
        SELECT session_key, CASE WHEN octet_length(session_data) <= 65536 THEN session_data END, expire_date \
        FROM django_session WHERE session_key = ANY ($1)
        """)

    /// The same for a table in partitions, where each key is looked up in the one that can have it: `= ANY ($1)` looks for
    /// all of them in each. In a plain table it is the slower by a little.
    static let loadFromPartitions = Statement(
        """
        SELECT s.* FROM (SELECT DISTINCT unnest($1::text[]) AS key) AS k CROSS JOIN LATERAL (
            SELECT session_key, CASE WHEN octet_length(session_data) <= 65536 THEN session_data END, expire_date
            FROM django_session WHERE session_key = key LIMIT 1
        ) AS s
        """)

    static let isPartitioned = Statement(
        "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass('django_session')")

    /// A text past 16 MiB cannot be a session that this program would decode: it counts as corrupt.
    static let loadAlone = Statement(
        """
        SELECT session_key, CASE WHEN octet_length(session_data) <= 16777216 THEN session_data ELSE '' END, expire_date \
        FROM django_session WHERE session_key = $1
        """)

    static let exists = Statement("SELECT 1 FROM django_session WHERE session_key = $1")

    // MARK: Batches: one statement, each member as if it were alone
    //
    // UPDATE and DELETE lock first, in key order and past what others hold: no deadlock between workers, and one locked
    // row does not stall the rest. Each returns the keys that it wrote; those that are missing are tried alone, which
    // tells a locked row from one that is gone.

    /// Creates; a member whose key is taken does nothing.
    static let create = Statement(
        """
        INSERT INTO django_session (session_key, session_data, expire_date)
        SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
        ON CONFLICT (session_key) DO NOTHING RETURNING session_key
        """)

    /// Creates, and deletes what is replaced; a member whose key is taken or whose old row could not be locked does
    /// nothing.
    static let replace = Statement(
        """
        WITH input AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS t (new_key, data, expiry, old_key)
        ), locked AS (
            SELECT session_key FROM django_session WHERE session_key = ANY ($4) ORDER BY session_key FOR UPDATE SKIP LOCKED
        ), inserted AS (
            INSERT INTO django_session (session_key, session_data, expire_date)
            SELECT new_key, data, expiry FROM input WHERE old_key IN (SELECT session_key FROM locked)
            ON CONFLICT (session_key) DO NOTHING RETURNING session_key
        ), deleted AS (
            DELETE FROM django_session AS s USING locked, input, inserted
            WHERE s.session_key = locked.session_key AND locked.session_key = input.old_key
                AND input.new_key = inserted.session_key
        )
        SELECT session_key FROM inserted
        """)

    static let update = Statement(
        """
        WITH input AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS t (key, data, expiry)
        ), locked AS (
            SELECT session_key FROM django_session WHERE session_key = ANY ($1) ORDER BY session_key FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE django_session AS s SET session_data = input.data, expire_date = input.expiry
        FROM locked JOIN input ON input.key = locked.session_key
        WHERE s.session_key = locked.session_key RETURNING s.session_key
        """)

    static let delete = Statement(
        """
        WITH locked AS (
            SELECT session_key FROM django_session WHERE session_key = ANY ($1) ORDER BY session_key FOR UPDATE SKIP LOCKED
        )
        DELETE FROM django_session AS s USING locked WHERE s.session_key = locked.session_key RETURNING s.session_key
        """)

    // MARK: Alone: the statement waits for a lock, and can follow an attempt whose outcome is unknown

    /// `$5`: an earlier attempt may have succeeded, so a row that holds exactly our data is our own. Returns whether it was
    /// created, and whether what it replaces (`$4`) was there.
    static let createAlone = Statement(
        """
        WITH locked AS (
            SELECT FROM django_session WHERE session_key = $4 FOR UPDATE
        ), inserted AS (
            INSERT INTO django_session (session_key, session_data, expire_date)
            SELECT $1, $2, $3 WHERE $4 IS NULL OR EXISTS (SELECT FROM locked)
            ON CONFLICT (session_key) DO NOTHING RETURNING 1
        ), deleted AS (
            DELETE FROM django_session WHERE session_key = $4 AND EXISTS (SELECT FROM inserted)
        )
        SELECT EXISTS (SELECT FROM inserted)
            OR $5 AND EXISTS (SELECT FROM django_session WHERE session_key = $1 AND session_data = $2),
            $4 IS NULL OR EXISTS (SELECT FROM locked)
        """)

    /// `$4`: an earlier attempt may have succeeded, so the row is written only while it holds what was loaded (`$5`), or
    /// ours already. Returns whether it was written, and whether it was there.
    static let updateAlone = Statement(
        """
        WITH updated AS (
            UPDATE django_session SET session_data = $2, expire_date = $3
            WHERE session_key = $1 AND (NOT $4 OR session_data IN ($2, $5)) RETURNING 1
        )
        SELECT EXISTS (SELECT FROM updated), EXISTS (SELECT FROM django_session WHERE session_key = $1)
        """)

    static let deleteAlone = Statement("DELETE FROM django_session WHERE session_key = $1")

    /// One batch of expired rows (`$3` at most); strict `<`, as Django's `clear_expired`. Returns how many there were, and
    /// the date where the next batch begins (`$2`): it need not pass over the dead index entries of those before it.
    ///
    /// The rows are found again by their place, which the lock keeps, not by a walk down the index of keys for each. The
    /// key says in which partition that place is.
    static let clearExpired = Statement(
        """
        WITH deleted AS (
            DELETE FROM django_session AS s USING (
                SELECT ctid, session_key FROM django_session
                WHERE expire_date < $1 AND expire_date >= coalesce($2, '-infinity'::timestamptz)
                ORDER BY expire_date LIMIT $3 FOR UPDATE SKIP LOCKED) AS locked
            WHERE s.ctid = locked.ctid AND s.session_key = locked.session_key
            RETURNING s.expire_date
        )
        SELECT count(*), max(expire_date) FROM deleted
        """)

    static let clearExpiredAtOnce = Statement("DELETE FROM django_session WHERE expire_date < $1")

    static let countExpired = Statement("SELECT count(*) FROM django_session WHERE expire_date < $1")
}
