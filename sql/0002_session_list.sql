-- sessiond.0002_session_list
--
-- Whose sessions there are, for those who want to see theirs and end some. Optional: `sessiond migrate --session-list`
-- applies it and 0003, and with --remove takes both back.
--
-- By hand, over a django_session that 0001_initial or Django made; then 0003, as a transaction of its own:
--           psql -1 -v ON_ERROR_STOP=1 -f sql/0002_session_list.sql
-- And GRANT SELECT, INSERT, UPDATE, DELETE on both tables to whom the workers connect as.
-- And back: DROP FUNCTION sessiond_queue_sessions, sessiond_queue_all_sessions CASCADE;
--           DROP TABLE sessiond_session, sessiond_session_change;
--
-- Only a worker can read the user's id in session_data. So triggers append the keys of what changed to
-- sessiond_session_change; the workers take them from there and keep sessiond_session. Appending waits for nobody and
-- collides with nobody, whatever the transaction's isolation level; where it fails all the same, that is a warning, and
-- the session is written. There is no foreign key to django_session: Django could not truncate it.

-- A new trigger waits for transactions that write sessions, and later ones wait for it: not for long.
SET LOCAL lock_timeout = '3s';

CREATE TABLE IF NOT EXISTS "sessiond_session" (
    "session_key" varchar(40) NOT NULL PRIMARY KEY,
    "user_id" bigint NOT NULL,
    -- 'epoch': before there was a list.
    "created" timestamp with time zone NOT NULL,
    "last_seen" timestamp with time zone NOT NULL,
    -- What a worker saw of its visitor: an IPv4 address to /24 or an IPv6 address to /48, and a device's family.
    "address" text NULL,
    "device" text NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS "sessiond_session_user_id" ON "sessiond_session" ("user_id");

CREATE TABLE IF NOT EXISTS "sessiond_session_change" (
    "session_key" varchar(40) NOT NULL,
    "changed" timestamp with time zone NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- Whoever writes sessions needs no rights to our tables: the functions have those of their owner.
CREATE OR REPLACE FUNCTION "sessiond_queue_sessions"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
    INSERT INTO sessiond_session_change (session_key, changed) SELECT session_key, now() FROM changed_sessions;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'sessiond does not learn which sessions changed: %', SQLERRM;
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION "sessiond_queue_all_sessions"() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER AS $function$
BEGIN
    INSERT INTO sessiond_session_change (session_key, changed) SELECT session_key, now() FROM sessiond_session;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'sessiond does not learn that the sessions are gone: %', SQLERRM;
    RETURN NULL;
END
$function$;

-- Their names are looked up in the tables' schema, not in the search_path of who writes.
DO $do$
BEGIN
    EXECUTE format('ALTER FUNCTION sessiond_queue_sessions SET search_path = %I, pg_temp', current_schema());
    EXECUTE format('ALTER FUNCTION sessiond_queue_all_sessions SET search_path = %I, pg_temp', current_schema());
END
$do$;

DROP TRIGGER IF EXISTS "sessiond_insert" ON "django_session";
DROP TRIGGER IF EXISTS "sessiond_update" ON "django_session";
DROP TRIGGER IF EXISTS "sessiond_delete" ON "django_session";
DROP TRIGGER IF EXISTS "sessiond_truncate" ON "django_session";
CREATE TRIGGER "sessiond_insert" AFTER INSERT ON "django_session" REFERENCING NEW TABLE AS changed_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION "sessiond_queue_sessions"();
CREATE TRIGGER "sessiond_update" AFTER UPDATE ON "django_session" REFERENCING NEW TABLE AS changed_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION "sessiond_queue_sessions"();
CREATE TRIGGER "sessiond_delete" AFTER DELETE ON "django_session" REFERENCING OLD TABLE AS changed_sessions
    FOR EACH STATEMENT EXECUTE FUNCTION "sessiond_queue_sessions"();
CREATE TRIGGER "sessiond_truncate" AFTER TRUNCATE ON "django_session"
    FOR EACH STATEMENT EXECUTE FUNCTION "sessiond_queue_all_sessions"();
