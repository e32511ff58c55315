"""PostgreSQL that stops, hangs, refuses, or answers with errors."""

import os
import shutil
import signal
import threading
import time

import psycopg
from stack import wait_until
from trial import Expected
from website import fill

from scenarios import scenario

DEADLINE = 5  # DATABASE_TIMEOUT's default
BACK = 5  # seconds after PostgreSQL itself, and with it all kinds of requests
AWAY = {200, 503}


def restart(trial, how):
    """Gives how long it took."""
    start = time.monotonic()
    trial.site.stop_postgres(how)
    trial.site.start_postgres()
    return time.monotonic() - start


def expected_of_restart(took):
    """Whoever waited for less than the deadline has noticed nothing."""
    return Expected(failed=0, outage=DEADLINE) if took < DEADLINE - 1.5 else Expected(AWAY)


@scenario(short=True)
def postgres_immediate_restart(trial):
    """PostgreSQL is stopped at once (SIGQUIT) and started, within the deadline."""
    trial.start()
    with trial.load():
        took = restart(trial, signal.SIGQUIT)
        trial.go_on()
    return expected_of_restart(took)


@scenario
def postgres_fast_restart(trial):
    """PostgreSQL is stopped fast (SIGINT) and started, within the deadline: no request fails."""
    trial.start()
    with trial.load():
        took = 0
        for _ in range(3):
            took = max(took, restart(trial, signal.SIGINT))
            trial.go_on()
    return expected_of_restart(took)


@scenario(short=True)
def backends_terminated(trial):
    """All connections to PostgreSQL cut five times a second, in the middle of batches."""
    site = trial.start()
    with trial.load():
        end = time.monotonic() + 2 * trial.seconds
        while time.monotonic() < end:
            site.cut()
            time.sleep(0.2)
        trial.go_on()
    return Expected(AWAY, outage=3)


@scenario
def postgres_stopped(trial):
    """PostgreSQL is away for longer than the deadline: 503, pages without a session as ever, back at once."""
    site = trial.start()
    with trial.load() as clients:
        site.stop_postgres()
        time.sleep(DEADLINE + 2)
        assert site.is_served(), "the form needs no database"
        assert clients.seen(503), "nobody was told"
        site.start_postgres()
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario
def postgres_killed(trial):
    """kill -9 of PostgreSQL with all its processes, under commits; started again."""
    site = trial.start()
    with trial.load():
        for _ in range(3):
            for pid in site.postgres_pids():
                os.kill(pid, signal.SIGKILL)
            site.postgres.wait()
            site.start_postgres()
            trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario
def backend_killed(trial):
    """kill -9 of one backend: PostgreSQL ends all others and recovers by itself."""
    site = trial.start()
    with trial.load():
        for _ in range(3):
            found = site.sql("SELECT pid FROM pg_stat_activity WHERE datname = 'sessiond' AND pid <> pg_backend_pid()")
            os.kill(found[0][0], signal.SIGKILL)
            time.sleep(trial.seconds / 2)
            wait_until(site.postgres_answers, what="PostgreSQL's recovery")
            trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario
def postgres_frozen(trial):
    """PostgreSQL answers nothing at all (SIGSTOP) for longer than the deadline."""
    site = trial.start()
    with trial.load() as clients:
        frozen = site.postgres_pids()
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(DEADLINE + 2)
            assert site.is_served(), "the form needs no database"
            assert clients.seen(503), "nobody was told"
        finally:
            for pid in reversed(frozen):
                os.kill(pid, signal.SIGCONT)
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario
def out_of_connections(trial):
    """Others take all connections that PostgreSQL has, for longer than the deadline, after ours were cut."""
    site = trial.prepare()
    site.postgres_options = ("-c", "max_connections=30")
    site.start()
    with trial.load() as clients:
        taken = [site.hold()]
        try:
            end = time.monotonic() + DEADLINE + 2
            while time.monotonic() < end:
                # Whoever comes back is cut again until nothing is left.
                site.cut_all_but(*taken)
                take_all(site, taken)
                time.sleep(0.2)
            assert clients.seen(503), "nobody was told"
        finally:
            for connection in taken:
                connection.close()
        trial.go_on()
    return Expected(AWAY)


def take_all(site, taken):
    while True:
        try:
            taken.append(site.hold())
        except psycopg.OperationalError:
            return


@scenario
def in_recovery(trial):
    """PostgreSQL comes back as a standby: sessions are read, nothing is said to be written; then it is promoted."""
    site = trial.start(saves=False)
    with trial.load() as clients:
        site.stop_postgres()
        (site.directory / "postgres/standby.signal").touch()
        site.start_postgres()
        time.sleep(1)
        logins = clients.done("login")
        time.sleep(DEADLINE + 1)
        assert clients.done("login") == logins, "a login that cannot have been written"
        trial.sessions_are_read()
        site.sql("SELECT pg_promote()")
        trial.go_on()
    return Expected(AWAY)


@scenario
def statement_timeout(trial):
    """PostgreSQL cancels our statements, again and again."""
    site = trial.start()
    ours = ("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = 'sessiond' "
            "AND pid <> pg_backend_pid() AND state = 'active'")
    with trial.load():
        with site.hold() as connection:
            connection.autocommit = True
            end = time.monotonic() + 2 * trial.seconds
            while time.monotonic() < end:
                connection.execute(ours)
        trial.go_on()
    return Expected(AWAY, outage=3)


@scenario
def table_locked_briefly(trial):
    """Somebody locks the table for two seconds: everybody waits, nothing fails."""
    site = trial.start()
    with trial.load():
        with site.hold() as connection:
            connection.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
            time.sleep(2)
        trial.go_on()
    return Expected(failed=0, outage=4)


@scenario
def table_locked(trial):
    """Somebody locks the table for longer than the deadline."""
    site = trial.start()
    with trial.load() as clients:
        with site.hold() as connection:
            connection.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
            time.sleep(DEADLINE + 2)
            assert clients.seen(503), "nobody was told"
        trial.go_on()
    return Expected(AWAY)


@scenario
def rows_locked(trial):
    """Somebody locks all rows for longer than the deadline: they are read, new ones are written."""
    site = trial.start(saves=False)
    with trial.load() as clients:
        with site.hold() as connection:
            connection.execute("SELECT 1 FROM django_session FOR UPDATE")
            time.sleep(DEADLINE + 2)
            trial.sessions_are_read()
            assert clients.login("late").status == 200, "another row could be written"
        trial.go_on()
    return Expected(AWAY)


@scenario
def table_altered(trial):
    """The table is altered under prepared statements: a new column, another type, and back."""
    site = trial.start()
    with trial.load():
        for statement in ("ADD COLUMN note text", "ALTER COLUMN session_key TYPE varchar(64)", "DROP COLUMN note",
                          "ALTER COLUMN session_key TYPE varchar(40)"):
            site.sql(f"ALTER TABLE django_session {statement}")
            trial.go_on()
    return Expected(AWAY, outage=3)


FAILING = """
CREATE FUNCTION fail_now_and_then() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF random() < 0.1 THEN
        RAISE EXCEPTION 'now and then' USING ERRCODE = CASE WHEN random() < 0.5 THEN '40001' ELSE '40P01' END;
    END IF;
    RETURN NULL;
END $$
"""
TRIGGER = "CREATE TRIGGER fail AFTER INSERT OR UPDATE OR DELETE ON django_session EXECUTE FUNCTION fail_now_and_then()"


@scenario
def serialization_errors(trial):
    """A tenth of the writes fail for serialization or by a deadlock: they are tried again."""
    site = trial.start()
    with trial.load():
        site.sql(FAILING)
        site.sql(TRIGGER)
        trial.go_on(2 * trial.seconds)
        site.sql("DROP TRIGGER fail ON django_session")
        trial.go_on()
    return Expected(AWAY, outage=2, failed=len(trial.events) // 50)


@scenario
def deadlock(trial):
    """A logout that deadlocks with somebody who holds the row and wants the table: it is tried again."""
    site = trial.start()
    site.sql("ALTER DATABASE sessiond SET deadlock_timeout = '150ms'")
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%django_session%%'"
    with trial.load() as clients, site.hold() as other, site.hold() as looker:
        looker.autocommit = True
        site.cut_all_but(other, looker)
        other.execute("SET deadlock_timeout = '20s'")
        other.commit()
        for number in range(5):
            key = clients.login(f"deadlock-{number}").new_key
            other.execute("SELECT 1 FROM django_session WHERE session_key = %s FOR UPDATE", [key])
            leaving = threading.Thread(target=clients.logout, args=[key], daemon=True)
            leaving.start()
            wait_until(lambda: looker.execute(waiting).fetchall(), pause=0.002, what="the wait for the row")
            other.execute("LOCK TABLE django_session IN SHARE ROW EXCLUSIVE MODE")
            other.rollback()
            leaving.join(20)
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'sessiond'"
        wait_until(lambda: looker.execute(deadlocks).fetchone()[0] > 0, what="a deadlock")
    return Expected(failed=0)


@scenario(root=True)
def disk_full(trial):
    """The file system of the table is full: sessions are read and ended, nothing is said to be written."""
    site = trial.prepare(saves=False)
    small = site.mount("small", "8m")
    site.start()
    site.sql(f"CREATE TABLESPACE small LOCATION '{small}'")
    site.sql("ALTER TABLE django_session SET (autovacuum_enabled = off)")
    for move in ("TABLE django_session", "INDEX django_session_pkey"):
        site.sql(f"ALTER {move} SET TABLESPACE small")
    with trial.load() as clients:
        filler = fill(small)
        wait_until(lambda: clients.seen(503) >= 20, 60, what="a full disk")
        time.sleep(trial.seconds)
        trial.sessions_are_read()
        filler.unlink()
        trial.go_on()
    return Expected(AWAY)


@scenario(root=True)
def wal_disk_full(trial):
    """The file system of PostgreSQL's log is full: it panics, and comes back once there is room."""
    site = trial.prepare()
    site.start_postgres()
    site.stop_postgres()
    small = site.mount("wal", "96m")
    data = site.directory / "postgres"
    for file in (data / "pg_wal").iterdir():
        shutil.move(file, small)
    for path in (*small.iterdir(), small):
        os.chown(path, site.owner["user"], site.owner["group"])
    (data / "pg_wal").rmdir()
    (data / "pg_wal").symlink_to(small)
    site.start()
    with trial.load():
        filler = fill(small)
        wait_until(lambda: not switches_wal(site), 60, what="a full disk")
        time.sleep(1)
        filler.unlink()
        if site.postgres.poll() is None:
            time.sleep(2)
        if site.postgres.poll() is not None:
            site.start_postgres()
        trial.go_on()
    assert "PANIC" in site.log("postgres.log"), "the disk was not full"
    return Expected(AWAY)


def switches_wal(site):
    try:
        site.sql("SELECT pg_switch_wal()")
        return True
    except psycopg.Error:
        return False
