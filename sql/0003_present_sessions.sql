-- sessiond.0003_present_sessions
--
-- Queues the sessions that were there before 0002_session_list, so that they are listed too. It locks nothing, and is a
-- transaction of its own, because millions of rows take some seconds.
--
-- By hand: psql -1 -v ON_ERROR_STOP=1 -f sql/0003_present_sessions.sql

INSERT INTO "sessiond_session_change" ("session_key", "changed")
    SELECT "session_key", 'epoch' FROM "django_session" WHERE "expire_date" > now();
