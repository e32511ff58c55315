"""Behind PgBouncer in transaction mode, where each transaction may meet another connection of the server's."""

import signal
import threading

import django_side
import pytest
from load import load
from stack import Stack, wait_until

FORM, LOGOUT = "/myapp/connection/", "/myapp/logout/"


BOTH = pytest.mark.parametrize("pooler", [{}, {"ignore_startup_parameters": "extra_float_digits, options"}], indirect=True,
                               ids=["that refuses options", "that passes over options"])


@pytest.fixture
def pooler(stack, request):
    with stack.pgbouncer(**getattr(request, "param", {})) as pooler:
        yield pooler


@pytest.fixture
def site(program, stack, pooler):
    """Two workers that reach the shared PostgreSQL through PgBouncer, behind an nginx of their own."""
    site = Stack(program, DATABASE_URL=pooler.url(), SESSION_CLEAR_INTERVAL="1")
    try:
        site.start_workers(2)
        site.start_nginx()
        wait_until(lambda: site.request("GET", FORM).status == 200, what="the first page")
        yield site
    finally:
        site.stop()


def journey(site, acknowledged):
    """A step: login, read, and for every other one logout."""

    def step():
        browser = site.browser()
        page = browser.login("alice")
        if page.status != 200:
            return page.status
        assert page.shows("alice")
        key = browser.session_key
        page = browser.get(FORM)
        if page.status == 200:
            assert page.shows("alice")
        if page.status != 200 or key < "i":
            acknowledged.append(key)
            return page.status
        page = browser.get(LOGOUT)
        if page.status == 200:
            again = site.browser(sessionid=key).get(FORM)
            assert again.is_form or again.status == 503
        return page.status

    return step


def stored(stack):
    return {key for (key,) in stack.sql("SELECT session_key FROM django_session")}


@BOTH
def test_users_log_in_and_out_at_once(stack, site, pooler):
    acknowledged = []
    with load(journey(site, acknowledged), threads=16) as running:
        wait_until(lambda: running.count(200) >= 300)
    assert set(running.outcomes) == {200}, (running.outcomes, running.failures[:3])
    assert set(acknowledged) <= stored(stack)
    assert django_side.decoded(acknowledged[0])["username"] == "alice"
    key = django_side.create({"username": "bob"})
    assert site.browser(sessionid=key).get(FORM).shows("bob")


@BOTH
def test_a_locked_row_holds_up_nobody_else_and_no_connection_for_long(stack, site):
    """The time limits of the statements hold here too, and none is left to who has the connection next."""
    import psycopg

    keys = [django_side.create({"username": "locked"}) for _ in range(2)]
    with psycopg.connect(stack.database_url()) as locker:
        locker.execute("SELECT 1 FROM django_session WHERE session_key = ANY (%s) FOR UPDATE", [keys])
        pages = []
        waiting = [threading.Thread(target=lambda key=key: pages.append(site.browser(sessionid=key).get(LOGOUT)), daemon=True)
                   for key in keys]
        for thread in waiting:
            thread.start()
        for _ in range(10):
            assert site.browser().login("carol").shows("carol")
        for thread in waiting:
            thread.join(20)
        assert [page.status for page in pages] == [503, 503]
    with psycopg.connect(site.settings["DATABASE_URL"], autocommit=True, prepare_threshold=None) as other:
        for _ in range(20):
            limits = other.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')").fetchone()
            assert limits == ("0", "0")


LONG_KILL = pytest.param(signal.SIGKILL, marks=pytest.mark.long)


@pytest.mark.parametrize("how", [signal.SIGINT, LONG_KILL], ids=["restarted", "killed"])
def test_pgbouncer_goes_and_comes_back(stack, site, pooler, how):
    acknowledged = []
    with load(journey(site, acknowledged)) as running:
        wait_until(lambda: running.count(200) >= 20)
        pooler.stop(how)
        wait_until(lambda: running.count(503) >= 4, what="503 for those who wait")
        pooler.start()
        seen = running.count(200)
        wait_until(lambda: running.count(200) >= seen + 40, what="the way back")
    assert set(running.outcomes) == {200, 503}, (running.outcomes, running.failures[:3])
    assert set(acknowledged) <= stored(stack)
    assert site.is_well()


def test_postgresql_restarts_behind_it(stack, site, pooler):
    acknowledged = []
    with load(journey(site, acknowledged)) as running:
        wait_until(lambda: running.count(200) >= 20)
        stack.stop_postgres()
        stack.start_postgres()
        seen = running.count(200)
        wait_until(lambda: running.count(200) >= seen + 40, what="the way back")
    assert set(running.outcomes) <= {200, 503}, (running.outcomes, running.failures[:3])
    assert set(acknowledged) <= stored(stack)
    assert site.is_well()


def test_commands_and_the_list_of_sessions_work_through_it(stack, pooler, program):
    stack.sql("CREATE DATABASE pooled", database="postgres")
    site = Stack(program, DATABASE_URL=pooler.url("pooled"), AUTHENTICATION="django", SESSION_CLEAR_INTERVAL="1")
    try:
        for words in (["migrate", "--session-list"], ["migrate", "--partitions", "4"], ["clearsessions"]):
            done = site.sessiond(*words)
            assert done.returncode == 0, done.stderr
        done = site.sessiond("check")
        assert "database: ok\nclock: ok\nmigrations: ok\nsession list: ok" in done.stdout, done.stdout
        site.start_workers(2)
        rows = "SELECT 'expired' || n, 'x', '2000-01-01' FROM generate_series(1, 3000) AS n"
        stack.sql(f"INSERT INTO django_session {rows}", database="pooled")
        stack.sql("INSERT INTO sessiond_session SELECT session_key, 1, now(), now() FROM django_session", database="pooled")
        left = ("django_session", "sessiond_session_change", "sessiond_session")
        for table in left:
            wait_until(lambda table=table: stack.sql(f"SELECT count(*) FROM {table}", database="pooled") == [(0,)],
                       what=f"an empty {table}")
    finally:
        site.stop()
        stack.sql("DROP DATABASE pooled WITH (FORCE)", database="postgres")
