"""PostgreSQL with a streaming standby, and a connection string that names both hosts."""

import signal
import time

import psycopg
import pytest
from load import load
from stack import Stack, postgres_bin, wait_until

FORM = "/myapp/connection/"
LONGEST = 5
"""Seconds from the end of the promotion to the first login: an acceptance, with room for a busy machine."""


class Standby:
    """A copy of a stack's PostgreSQL that follows it, synchronously, on another port of the same directory."""

    PORT = 5433

    def __init__(self, stack):
        self.stack = stack
        data = stack.directory / "standby"
        source = f"host={stack.run} user=sessiond application_name=standby"
        stack.check(postgres_bin() / "pg_basebackup", "-D", data, "-d", source, "-R", "-X", "stream", "-c", "fast")
        self.process = stack.spawn(postgres_bin() / "postgres", "-D", data, "-p", self.PORT, log="standby.log")
        stack.sql("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        stack.sql("SELECT pg_reload_conf()")
        states = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_until(lambda: stack.sql(states), what="the standby")

    def sql(self, statement):
        url = f"postgresql://sessiond@/sessiond?host={self.stack.run}&port={self.PORT}"
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture
def cluster(program):
    site = Stack(program)
    try:
        site.start_postgres()
        site.standby = Standby(site)
        assert site.sessiond("migrate").returncode == 0
        site.start_nginx()
        yield site
    finally:
        standby = getattr(site, "standby", None)
        if standby and standby.process.poll() is None:
            standby.process.send_signal(signal.SIGQUIT)
            standby.process.wait(20)
        site.stop()


NAMED = pytest.param("&target_session_attrs=read-write", marks=pytest.mark.long)


@pytest.mark.parametrize("attributes", ["", NAMED], ids=["hosts alone", "read-write"])
def test_logins_before_the_promotion_are_there_after_it(cluster, attributes):
    # The standby stands first: the workers pass over it for as long as it is one.
    url = f"postgresql://sessiond@/sessiond?host={cluster.run},{cluster.run}&port={Standby.PORT},5432{attributes}"
    cluster.start_workers(2, DATABASE_URL=url)
    wait_until(lambda: cluster.request("GET", FORM).status == 200, what="the first page")
    acknowledged, statuses = [], []

    def newcomer():
        browser = cluster.browser()
        page = browser.login("alice")
        statuses.append(page.status)
        if page.status == 200:
            acknowledged.append(browser.session_key)
            page = browser.get(FORM)
            assert page.shows("alice") or page.status == 503
        return page.status

    with load(newcomer) as running:
        wait_until(lambda: len(acknowledged) >= 100, what="logins")
        cluster.stop_postgres(signal.SIGKILL)
        before = len(acknowledged)
        wait_until(lambda: running.count(503) >= 4, what="503 while nobody takes writes")
        assert cluster.standby.sql("SELECT pg_promote()") == [(True,)]
        promoted, seen = time.monotonic(), len(acknowledged)
        wait_until(lambda: len(acknowledged) > seen, what="the first login after the promotion", pause=0.005)
        back = time.monotonic() - promoted
        wait_until(lambda: len(acknowledged) >= seen + 50, what="the way back")
    print(f"{before} logins before; the first {back:.2f} s after the promotion")
    assert set(running.outcomes) <= {200, 503}, (running.outcomes, running.failures[:3])
    assert back <= LONGEST
    assert set(acknowledged) <= {key for (key,) in cluster.standby.sql("SELECT session_key FROM django_session")}
    assert cluster.is_well()
