-- sessiond.0001_login_limits
--
-- How often somebody has tried to log in lately, for LOGIN_LIMIT_ACCOUNT and LOGIN_LIMIT_ADDRESS. `sessiond migrate` applies
-- this file where AUTHENTICATION=django, and records it in django_migrations under the label above; to Django it is the
-- record of an app that it does not know, which it passes over.
--
-- By hand: psql -1 -v ON_ERROR_STOP=1 -f sql/0001_login_limits.sql -c "INSERT INTO django_migrations (app, name, applied)
--              VALUES ('sessiond', '0001_login_limits', now())"
-- and GRANT SELECT, INSERT, UPDATE, DELETE to whom the workers connect as.

CREATE TABLE IF NOT EXISTS "sessiond_login_limit" (
    -- 64 bits of an HMAC under a key made from SECRET_KEY: neither user names nor addresses lie here.
    "key" bigint NOT NULL PRIMARY KEY,
    -- When as many attempts are free again as the limit names, in microseconds since 1970-01-01 UTC.
    "full_at" bigint NOT NULL,
    -- How many of the attempts that came last together were let through.
    "granted" bigint NOT NULL,
    -- Until when the network counts as one that the user logs in from; NULL for all other rows.
    "known_until" bigint
) WITH (fillfactor = 70);
