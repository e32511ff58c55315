"""Acceptance 3: `sessiond migrate` and `manage.py migrate`, in either order, come to the same table."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from load import load
from stack import ROOT, Stack, wait_until

SETTINGS = """
from project.settings import *
ENGINE = "django.db.backends.postgresql"
DATABASES = {{"default": {{"ENGINE": ENGINE, "NAME": "{name}", "USER": "sessiond", "HOST": "{host}"}}}}
"""

LIST_FILES = [ROOT / "sql/0002_session_list.sql", ROOT / "sql/0003_present_sessions.sql"]
PARTITIONS_FILE = ROOT / "sql/partitions.sql"


@pytest.fixture
def database(stack, request):
    """A database of its own, empty."""
    name = f"migrations_{abs(hash(request.node.name)) % 10**8}"
    stack.sql(f"CREATE DATABASE {name}", database="postgres")
    yield name
    stack.sql(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture
def manage(stack, database, tmp_path):
    """manage.py of a project as `startproject` makes it, on that database."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "project", tmp_path], check=True)
    (tmp_path / "here.py").write_text(SETTINGS.format(name=database, host=stack.run))

    def run(*words):
        command = [sys.executable, tmp_path / "manage.py", *words, "--settings=here", "--no-color"]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    return run


def described(stack, database, what="django_session"):
    command = ["psql", "-X", stack.database_url(database), "-c", f"\\d {what}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def recorded(stack, database):
    rows = stack.sql("SELECT app, name FROM django_migrations ORDER BY id", database=database)
    return [row for row in rows if row[0] in ("sessions", "sessiond")]


def sessiond_migrate(stack, database, *words):
    done = stack.sessiond("migrate", *words, DATABASE_URL=stack.database_url(database))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_django_has_nothing_to_do_after_sessiond(stack, database, manage):
    assert "Applying sessions.0001_initial... OK" in sessiond_migrate(stack, database)
    mine = described(stack, database)
    assert "Applying sessions" not in manage("migrate")
    assert "[X] 0001_initial" in manage("showmigrations", "sessions")
    assert described(stack, database) == mine
    assert recorded(stack, database).count(("sessions", "0001_initial")) == 1


def test_sessiond_has_nothing_to_do_after_django(stack, database, manage):
    assert "Applying sessions.0001_initial... OK" in manage("migrate")
    theirs = described(stack, database)
    assert "Applying sessions.0001_initial" not in sessiond_migrate(stack, database)
    assert described(stack, database) == theirs
    assert recorded(stack, database).count(("sessions", "0001_initial")) == 1


def test_both_make_the_same_tables(stack, database, manage):
    sessiond_migrate(stack, database)
    query = (
        "SELECT column_name, data_type, is_nullable, is_identity, character_maximum_length "
        "FROM information_schema.columns WHERE table_name = 'django_migrations' ORDER BY ordinal_position"
    )
    mine, tables = stack.sql(query, database=database), described(stack, database)
    stack.sql("DROP TABLE django_session, django_migrations", database=database)
    manage("migrate", "sessions")
    assert stack.sql(query, database=database) == mine
    assert described(stack, database) == tables


def test_a_second_run_says_that_nothing_is_to_be_done(stack, database):
    sessiond_migrate(stack, database)
    assert "No migrations to apply." in sessiond_migrate(stack, database)


def test_the_plan_changes_nothing(stack, database):
    assert "0001_initial" in sessiond_migrate(stack, database, "--plan")
    assert not stack.sql("SELECT 1 FROM pg_tables WHERE tablename LIKE 'django%%'", database=database)
    sessiond_migrate(stack, database)
    assert "0001_initial" not in sessiond_migrate(stack, database, "--plan")


def test_migrations_that_start_together_do_not_meet(stack, database):
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda _: sessiond_migrate(stack, database), range(4)))
    assert sum("Applying sessions.0001_initial... OK" in output for output in outputs) == 1
    assert recorded(stack, database).count(("sessions", "0001_initial")) == 1


def test_the_files_work_with_psql_alone_and_twice(stack, database, manage):
    files = [file for file in sorted((ROOT / "sql").glob("*.sql")) if file not in [*LIST_FILES, PARTITIONS_FILE]]
    assert files[0].name == "0001_initial.sql"
    command = ["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", stack.database_url(database)]
    for file in files:
        subprocess.run([*command, "-f", file], check=True, capture_output=True)
    mine = described(stack, database)
    for file in files:
        subprocess.run([*command, "-f", file], check=True, capture_output=True)
    assert described(stack, database) == mine
    sessiond_migrate(stack, database)
    stack.sql("DROP TABLE django_session, django_migrations", database=database)
    manage("migrate", "sessions")
    assert described(stack, database) == mine


def test_each_file_names_its_label_on_the_first_line():
    for file in (ROOT / "sql").glob("*.sql"):
        label, _, name = file.read_text().splitlines()[0].removeprefix("-- ").partition(".")
        assert label in ("sessions", "sessiond") and name == file.stem


# -- The list of sessions, which is made only when asked for


def test_the_list_of_sessions_is_made_when_asked_for_and_taken_back(stack, database, manage):
    sessiond_migrate(stack, database)
    plain = described(stack, database)
    assert "0002_session_list" in sessiond_migrate(stack, database, "--session-list", "--plan")
    output = sessiond_migrate(stack, database, "--session-list")
    assert "Apply all migrations: sessiond, sessions" in output
    assert "Applying sessiond.0002_session_list... OK\n  Applying sessiond.0003_present_sessions... OK" in output
    assert "sessiond_insert" in described(stack, database)
    assert "No migrations to apply." in sessiond_migrate(stack, database, "--session-list")
    assert "No migrations to apply." in sessiond_migrate(stack, database)
    manage("migrate")
    assert "Removed sessiond.0002_session_list" in sessiond_migrate(stack, database, "--session-list", "--remove")
    assert described(stack, database) == plain
    assert not recorded(stack, database)[1:]
    assert not stack.sql("SELECT 1 FROM pg_class WHERE relname LIKE 'sessiond%%'", database=database)
    assert not stack.sql("SELECT 1 FROM pg_proc WHERE proname LIKE 'sessiond%%'", database=database)
    sessiond_migrate(stack, database, "--session-list", "--remove")
    sessiond_migrate(stack, database, "--session-list")


def test_the_list_of_sessions_works_with_psql_alone_and_twice(stack, database):
    sessiond_migrate(stack, database)
    command = ["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", stack.database_url(database)]
    for _ in range(2):
        for file in LIST_FILES:
            subprocess.run([*command, "-f", file], check=True, capture_output=True)
    mine = [described(stack, database, name) for name in ("django_session", "sessiond_session")]
    undo = re.search(r"And back: (DROP .*?;)\n-- +(DROP .*?;)", LIST_FILES[0].read_text())
    stack.sql("".join(undo.groups()), database=database)
    sessiond_migrate(stack, database, "--session-list")
    assert [described(stack, database, name) for name in ("django_session", "sessiond_session")] == mine


@pytest.mark.parametrize("arguments", [["--remove"], ["--session-list", "--remove", "--plan"]])
def test_the_list_is_not_removed_by_mistake(stack, database, arguments):
    done = stack.sessiond("migrate", *arguments, DATABASE_URL=stack.database_url(database))
    assert done.returncode == 64 and "--remove: use it with --session-list alone" in done.stderr


def test_engines_without_a_table_have_no_list(stack, database):
    settings = {"DATABASE_URL": stack.database_url(database), "SESSION_ENGINE": "django.contrib.sessions.backends.file"}
    done = stack.sessiond("migrate", "--session-list", **settings)
    assert done.returncode == 1 and "--session-list: with SESSION_ENGINE=" in done.stderr, done.stderr


def queued(stack, database):
    rows = stack.sql("DELETE FROM sessiond_session_change RETURNING session_key", database=database)
    return sorted(key for key, in rows)


def test_django_flushes_clears_and_migrates_back_beside_the_list(stack, database, manage):
    manage("migrate")
    stack.sql("INSERT INTO django_session VALUES ('before', 'x', 'infinity')", database=database)
    sessiond_migrate(stack, database, "--session-list")
    assert queued(stack, database) == ["before"]
    rows = "('old', 'x', '2000-01-01'), ('new', 'x', 'infinity')"
    stack.sql(f"INSERT INTO django_session VALUES {rows}", database=database)
    assert queued(stack, database) == ["new", "old"]
    manage("clearsessions")
    assert queued(stack, database) == ["old"]
    stack.sql("INSERT INTO sessiond_session SELECT session_key, 1, now(), now() FROM django_session", database=database)
    manage("flush", "--no-input")
    assert queued(stack, database) == ["before", "new"]
    manage("migrate", "sessions", "zero")
    manage("migrate")
    sessiond_migrate(stack, database, "--session-list", "--remove")
    sessiond_migrate(stack, database, "--session-list")
    stack.sql("INSERT INTO django_session VALUES ('again', 'x', 'infinity')", database=database)
    assert queued(stack, database) == ["again"]


def test_a_role_without_rights_to_the_list_writes_sessions_and_is_listed(stack, database, manage):
    manage("migrate")
    sessiond_migrate(stack, database, "--session-list")
    stack.sql("CREATE ROLE only_sessions LOGIN", database=database)
    try:
        rights = "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
        stack.sql(f"GRANT {rights} ON django_session TO only_sessions", database=database)
        url = stack.database_url(database).replace("sessiond@", "only_sessions@")
        with psycopg.connect(url, autocommit=True) as connection:
            # A table that takes the queue's name is not taken for it.
            connection.execute("CREATE TEMPORARY TABLE sessiond_session_change (session_key text, changed text)")
            connection.execute("INSERT INTO django_session VALUES ('a', 'x', now()), ('b', 'x', now())")
            connection.execute("UPDATE django_session SET session_data = 'y' WHERE session_key = 'a'")
            connection.execute("DELETE FROM django_session WHERE session_key = 'b'")
            assert queued(stack, database) == ["a", "a", "b", "b"]
            connection.execute("TRUNCATE django_session")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT * FROM sessiond_session")
    finally:
        stack.sql("DROP OWNED BY only_sessions; DROP ROLE only_sessions", database=database)


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_the_trigger_waits_for_nobody_and_fails_for_nobody(stack, database, isolation):
    sessiond_migrate(stack, database)
    sessiond_migrate(stack, database, "--session-list")
    stack.sql("INSERT INTO django_session VALUES ('a', 'x', now()), ('b', 'x', now())", database=database)
    stack.sql("INSERT INTO sessiond_session SELECT session_key, 1, now(), now() FROM django_session", database=database)
    url = stack.database_url(database)
    with psycopg.connect(url) as theirs, psycopg.connect(url) as worker:
        theirs.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        theirs.execute("SET LOCAL statement_timeout = '2s'")
        theirs.execute("SELECT * FROM django_session")
        # What a worker does with the list, committed or not, is nothing to who writes sessions.
        stack.sql("UPDATE sessiond_session SET last_seen = now()", database=database)
        worker.execute("DELETE FROM sessiond_session_change")
        worker.execute("UPDATE sessiond_session SET last_seen = now()")
        theirs.execute("INSERT INTO django_session VALUES ('c', 'x', now())")
        theirs.execute("UPDATE django_session SET session_data = 'y' WHERE session_key = 'a'")
        theirs.execute("DELETE FROM django_session WHERE session_key = 'b'")
        theirs.commit()
        worker.commit()
    assert queued(stack, database) == ["a", "b", "c"]


def test_a_broken_queue_is_a_warning_and_the_session_is_written(stack, database, manage):
    manage("migrate")
    sessiond_migrate(stack, database, "--session-list")
    stack.sql("DROP TABLE sessiond_session_change", database=database)
    with psycopg.connect(stack.database_url(database), autocommit=True) as connection:
        notices = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        connection.execute("INSERT INTO django_session VALUES ('a', 'x', now())")
        connection.execute("TRUNCATE django_session")
    assert [notice.split(":")[0] for notice in notices] == ["sessiond does not learn which sessions changed",
                                                            "sessiond does not learn that the sessions are gone"]


def test_a_dump_brings_the_list_along(stack, database):
    sessiond_migrate(stack, database)
    sessiond_migrate(stack, database, "--session-list")
    stack.sql("INSERT INTO django_session VALUES ('a', 'x', now())", database=database)
    queued(stack, database)
    stack.sql("INSERT INTO sessiond_session SELECT session_key, 1, now(), now() FROM django_session", database=database)
    dump = subprocess.run(["pg_dump", stack.database_url(database)], check=True, capture_output=True).stdout
    restored = f"{database}_restored"
    stack.sql(f"CREATE DATABASE {restored}", database="postgres")
    try:
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", stack.database_url(restored)]
        subprocess.run(command, input=dump, check=True, capture_output=True)
        assert queued(stack, restored) == []
        assert stack.sql("SELECT session_key FROM sessiond_session", database=restored) == [("a",)]
        stack.sql("DELETE FROM django_session", database=restored)
        assert queued(stack, restored) == ["a"]
    finally:
        stack.sql(f"DROP DATABASE {restored} WITH (FORCE)", database="postgres")


LIMITS = ("sessiond", "0001_login_limits")


def test_the_table_of_limits_is_made_where_passwords_count(stack, database, manage):
    url = stack.database_url(database)
    sessiond_migrate(stack, database)
    assert LIMITS not in recorded(stack, database)
    for limits in ({"LOGIN_LIMIT_ACCOUNT": "None", "LOGIN_LIMIT_ADDRESS": "None"}, {}):
        done = stack.sessiond("migrate", DATABASE_URL=url, AUTHENTICATION="django", **limits)
        assert done.returncode == 0 and ("Applying sessiond.0001_login_limits... OK" in done.stdout) == (not limits)
    assert "No migrations to apply" in stack.sessiond("migrate", DATABASE_URL=url, AUTHENTICATION="django").stdout
    assert recorded(stack, database).count(LIMITS) == 1
    mine = described(stack, database, "sessiond_login_limit")
    # A stock Django passes over the record of an app that it does not know.
    assert "Applying sessiond" not in manage("migrate")
    assert "sessiond" not in manage("showmigrations")
    manage("makemigrations", "--check")
    assert described(stack, database, "sessiond_login_limit") == mine
    stack.sql("DROP TABLE sessiond_login_limit", database=database)
    stack.sql("DELETE FROM django_migrations WHERE app = 'sessiond'", database=database)
    # The command as it stands in the file.
    words = re.search(r"By hand: (.*?)\n-- and GRANT", (ROOT / "sql/0001_login_limits.sql").read_text(), re.DOTALL)[1]
    by_hand = words.replace("\n--", "").replace("psql", f"psql -X '{url}'")
    subprocess.run(by_hand, check=True, capture_output=True, shell=True, cwd=ROOT)
    assert recorded(stack, database).count(LIMITS) == 1
    assert described(stack, database, "sessiond_login_limit") == mine


# -- Partitions, which are made only when asked for


def without_partitions(description):
    """What psql says of a table, but for whether it is in partitions."""
    lines = description.splitlines()[1:]
    return [line for line in lines if not line.startswith(("Partition key:", "Number of partitions:"))]


def partitions(stack, database):
    return stack.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'django_session'::regclass", database=database)[0][0]


def rows(stack, database):
    return stack.sql("SELECT * FROM django_session ORDER BY session_key", database=database)


def test_a_table_in_partitions_is_the_same_table_to_django(stack, database, manage):
    manage("migrate")
    sessiond_migrate(stack, database, "--session-list")
    values = "md5(n::text), repeat('x', n), now() + n * interval '1 second' FROM generate_series(-100, 3000) AS n"
    stack.sql(f"INSERT INTO django_session SELECT {values}", database=database)
    stack.sql("CREATE ROLE reads_sessions; GRANT SELECT ON django_session TO reads_sessions", database=database)
    try:
        plain, before = described(stack, database), rows(stack, database)
        rights = "SELECT relacl, relowner FROM pg_class WHERE oid = 'django_session'::regclass"
        granted = stack.sql(rights, database=database)
        assert "django_session in partitions: 8" in sessiond_migrate(stack, database, "--partitions", "8", "--plan")
        assert partitions(stack, database) == 0
        for number in (8, 16):
            assert "it was locked for" in sessiond_migrate(stack, database, "--partitions", str(number))
            assert partitions(stack, database) == number
            assert without_partitions(described(stack, database)) == without_partitions(plain)
            assert rows(stack, database) == before
            assert stack.sql(rights, database=database) == granted
        assert "this number of partitions already: 16" in sessiond_migrate(stack, database, "--partitions", "16")
        assert "No migrations to apply" in manage("migrate")
        manage("makemigrations", "--check")
        queued(stack, database)
        manage("clearsessions")
        gone = 3101 - len(rows(stack, database))
        assert gone >= 100 and len(queued(stack, database)) == gone
        doctor = stack.sessiond("check", DATABASE_URL=stack.database_url(database))
        assert "migrations: ok\nsession list: ok" in doctor.stdout, doctor.stdout
        before = rows(stack, database)
        sessiond_migrate(stack, database, "--partitions", "1")
        assert described(stack, database) == plain and rows(stack, database) == before
        sessiond_migrate(stack, database, "--partitions", "2")
        manage("flush", "--no-input")
        assert rows(stack, database) == []
        manage("migrate", "sessions", "zero")
        manage("migrate")
        sessiond_migrate(stack, database, "--session-list", "--remove")
    finally:
        stack.sql("DROP OWNED BY reads_sessions; DROP ROLE reads_sessions", database=database)


def test_sessions_of_both_live_in_partitions_and_survive_the_copying(stack, database, program):
    """A worker reads and logs in all the while: whoever meets the lock waits, and nobody is logged out."""
    sessiond_migrate(stack, database)
    filler = "SELECT md5(n::text), repeat('x', 200), now() + interval '1 day' FROM generate_series(1, 20000) AS n"
    stack.sql(f"INSERT INTO django_session {filler}", database=database)
    site = Stack(program, DATABASE_URL=stack.database_url(database))
    try:
        site.start_workers(2)
        site.start_nginx()
        acknowledged = []

        def step():
            browser = site.browser()
            page = browser.login("alice")
            if page.status != 200:
                return page.status
            key = browser.session_key
            assert browser.get("/myapp/connection/").shows("alice")
            if key < "i":
                acknowledged.append(key)
                return page.status
            assert browser.get("/myapp/logout/").status == 200
            assert site.browser(sessionid=key).get("/myapp/connection/").is_form
            return page.status

        with load(step) as running:
            for number in (16, 5, 1):
                wait_until(lambda: running.count(200) >= 30)
                sessiond_migrate(stack, database, "--partitions", str(number))
                seen = running.count(200)
                wait_until(lambda seen=seen: running.count(200) >= seen + 30)
        assert set(running.outcomes) == {200}, (running.outcomes, running.failures[:3])
        assert len(rows(stack, database)) == 20000 + len(acknowledged)
    finally:
        site.stop()


def test_partitions_are_refused_where_they_cannot_be_and_nothing_is_changed(stack, database):
    def refused(words, **settings):
        done = stack.sessiond("migrate", "--partitions", *words, DATABASE_URL=stack.database_url(database), **settings)
        assert done.returncode != 0, done.stdout
        return done.stderr

    assert "--partitions: use a number" in refused(["0"])
    assert "there is no table to divide" in refused(["4"], SESSION_ENGINE="django.contrib.sessions.backends.file")
    sessiond_migrate(stack, database)
    stack.sql("CREATE VIEW sessions AS SELECT * FROM django_session", database=database)
    assert "depend on it" in refused(["4"])
    stack.sql("DROP VIEW sessions", database=database)
    for made, undone, word in (
        ("GRANT SELECT (session_key) ON django_session TO pg_monitor",
         "REVOKE SELECT (session_key) ON django_session FROM pg_monitor", "rights to columns"),
        ("CREATE TABLE keys (key varchar PRIMARY KEY); ALTER TABLE django_session ADD CONSTRAINT known FOREIGN KEY "
         "(session_key) REFERENCES keys", "DROP TABLE keys CASCADE", "foreign keys"),
        ("CREATE TRIGGER idle BEFORE UPDATE ON django_session EXECUTE FUNCTION suppress_redundant_updates_trigger(); "
         "ALTER TABLE django_session DISABLE TRIGGER idle", "DROP TRIGGER idle ON django_session", "switched off"),
    ):
        stack.sql(made, database=database)
        assert word in refused(["4"])
        stack.sql(undone, database=database)
    with psycopg.connect(stack.database_url(database)) as reader:
        reader.execute("SELECT * FROM django_session")
        assert "lock timeout" in refused(["4"])
    assert partitions(stack, database) == 0


def test_the_file_of_partitions_works_with_psql_alone(stack, database):
    sessiond_migrate(stack, database)
    stack.sql("ALTER TABLE django_session SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 90)", database=database)
    plain = described(stack, database)
    command = ["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", stack.database_url(database)]
    for number in (4, 4, 1):
        subprocess.run([*command, "-c", f"SET LOCAL sessiond.partitions = {number}", "-f", PARTITIONS_FILE], check=True,
                       capture_output=True)
        assert partitions(stack, database) == (number if number > 1 else 0)
        parameters = "SELECT DISTINCT reloptions FROM pg_class WHERE relkind = 'r' AND relname LIKE 'django_session%'"
        assert stack.sql(parameters, database=database) == [(["autovacuum_vacuum_scale_factor=0.02", "fillfactor=90"],)]
    assert described(stack, database) == plain
