-- sessions.0001_initial
--
-- The table that django.contrib.sessions makes, to the name of every index. `sessiond migrate` applies this file and
-- records it in django_migrations under the label above, so that `manage.py migrate` has nothing left to do.
--
-- By hand: psql -1 -v ON_ERROR_STOP=1 -f sql/0001_initial.sql -c "INSERT INTO django_migrations (app, name, applied)
--              VALUES ('sessions', '0001_initial', now())"
-- where a Django project has made django_migrations, else by `sessiond migrate`; and GRANT SELECT, INSERT, UPDATE, DELETE
-- to whom the workers connect as.
-- Run again, or over a table that Django made, it changes nothing and says "already exists, skipping".

CREATE TABLE IF NOT EXISTS "django_session" (
    "session_key" varchar(40) NOT NULL PRIMARY KEY,
    "session_data" text NOT NULL,
    "expire_date" timestamp with time zone NOT NULL
);
CREATE INDEX IF NOT EXISTS "django_session_session_key_c0390e0f_like"
    ON "django_session" ("session_key" varchar_pattern_ops);
CREATE INDEX IF NOT EXISTS "django_session_expire_date_a5c62663"
    ON "django_session" ("expire_date");
