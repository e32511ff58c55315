import PostgreSQL

/// Every statement that is sent to `sessiond_login_limit`.
///
/// A row is a bucket of the generic cell rate algorithm: one moment says how many attempts are free. All lock the rows of
/// addresses before those of accounts, each kind in the order of the keys, so that workers cannot deadlock.
enum LimitSQL {
    /// Counts attempts (`$1` addresses, `$2` accounts, `$3` networks) at the moment `$4`: for each, in order, the account's
    /// row that it belongs to, and the microseconds after which it would be let through, 0 where it is.
    ///
    /// `$5` and `$6` are the interval and the number of an address's limit, `$7` and `$8` those of an account's; an interval
    /// of 0 switches one off. What an address's limit refuses does not count against the account. A moment further ahead
    /// than a limit can make it is taken for the furthest: the clock was set back.
    static let count = Statement(
        """
        WITH input AS (
            SELECT t.n, t.address, CASE WHEN k.key IS NULL THEN t.account ELSE t.network END AS account,
                row_number() OVER (PARTITION BY t.address ORDER BY t.n) AS turn
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS t (address, account, network, n)
            LEFT JOIN sessiond_login_limit AS k ON k.key = t.network AND k.known_until > $4::bigint
        ), addresses AS (
            INSERT INTO sessiond_login_limit AS l (key, full_at, granted)
            SELECT address, $4 + least(count(*), $6::bigint) * $5::bigint, least(count(*), $6)
            FROM input WHERE $5 > 0 GROUP BY address ORDER BY address
            ON CONFLICT (key) DO UPDATE SET (full_at, granted) = (\(take("$5", "$6")))
            RETURNING key, full_at, granted
        ), passed AS (
            SELECT input.n, input.account, row_number() OVER (PARTITION BY input.account ORDER BY input.n) AS turn
            FROM input LEFT JOIN addresses AS a ON a.key = input.address WHERE $5 = 0 OR input.turn <= a.granted
        ), accounts AS (
            INSERT INTO sessiond_login_limit AS l (key, full_at, granted)
            SELECT account, $4 + least(count(*), $8::bigint) * $7::bigint, least(count(*), $8)
            FROM passed WHERE $7 > 0 GROUP BY account ORDER BY account
            ON CONFLICT (key) DO UPDATE SET (full_at, granted) = (\(take("$7", "$8")))
            RETURNING key, full_at, granted
        )
        SELECT input.account, CASE
            WHEN passed.n IS NULL THEN
                greatest(a.full_at + $5 - $5 * $6, least(coalesce(b.full_at, 0), $4 + $7 * $8) + $7 - $7 * $8) - $4
            WHEN $7 > 0 AND passed.turn > c.granted THEN c.full_at + $7 - $7 * $8 - $4
            ELSE 0 END
        FROM input LEFT JOIN addresses AS a ON a.key = input.address LEFT JOIN passed ON passed.n = input.n
            LEFT JOIN accounts AS c ON c.key = passed.account
            LEFT JOIN sessiond_login_limit AS b ON b.key = input.account
        ORDER BY input.n
        """)

    /// How many of `EXCLUDED.granted` attempts a row lets through, and its moment after them.
    private static func take(_ interval: String, _ number: String) -> String {
        """
        SELECT start + passing * \(interval), passing FROM (
            SELECT start, least(EXCLUDED.granted, ($4 + \(interval) * \(number) - start) / \(interval)) AS passing
            FROM (SELECT least(greatest(l.full_at, $4), $4 + \(interval) * \(number)) AS start) AS s
        ) AS p
        """
    }

    /// Takes back what was counted (`$1` addresses, `$2` accounts) at the moment `$3`, an address's interval being `$4` and
    /// an account's `$5`, and makes the networks `$6` known until `$7`.
    static let giveBack = Statement(
        """
        INSERT INTO sessiond_login_limit AS l (key, full_at, granted, known_until)
        SELECT key, $3::bigint - sum(back)::bigint, 0, max(known) FROM (
            SELECT 0 AS kind, key, $4::bigint AS back, NULL::bigint AS known FROM unnest($1::bigint[]) AS t (key) WHERE $4 > 0
            UNION ALL SELECT 1, key, $5::bigint, NULL FROM unnest($2::bigint[]) AS t (key) WHERE $5 > 0
            UNION ALL SELECT 1, key, 0, $7::bigint FROM unnest($6::bigint[]) AS t (key)
        ) AS t GROUP BY kind, key ORDER BY kind, key
        ON CONFLICT (key) DO UPDATE SET full_at = l.full_at - ($3 - EXCLUDED.full_at),
            known_until = greatest(l.known_until, EXCLUDED.known_until)
        """)

    static let exists = Statement("SELECT to_regclass('sessiond_login_limit') IS NOT NULL")

    /// A batch of rows that say nothing any more.
    static let clear = Statement(
        """
        DELETE FROM sessiond_login_limit WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM sessiond_login_limit WHERE full_at < $1 AND (known_until IS NULL OR known_until < $1)
            LIMIT $2 FOR UPDATE SKIP LOCKED))
        """)
}
