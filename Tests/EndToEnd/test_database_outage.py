"""Acceptance 6: PostgreSQL goes away and comes back under load, and no answer given is a lie."""

import os
import signal
import time

import django_side
import pytest
from load import load
from stack import wait_until

FORM = "/myapp/connection/"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
DEADLINE = 5  # what a request waits for the database before it is answered 503


@pytest.fixture
def key(stack):
    return django_side.create({"username": "alice"})


@pytest.fixture
def restored(stack):
    """Whatever the test did to PostgreSQL, it runs again afterwards and the workers have found it."""
    yield
    if stack.postgres.poll() is not None:
        stack.start_postgres()
    wait_until(lambda: stack.browser().login("after").status == 200, what="the workers' way back")


def watcher(stack, key):
    """A step that reads a session: it must never look like someone who is logged out."""

    def step():
        page = stack.browser(sessionid=key).get(FORM)
        if page.status == 200:
            assert page.shows("alice"), "an anonymous page for someone who is logged in"
        assert page.cookie("sessionid") is None, "the cookie was touched"
        assert page.status != 503 or page.header("Retry-After"), "503 without Retry-After"
        return page.status

    return step


def visitor(stack):
    return lambda: stack.request("GET", FORM).status


def newcomer(stack, acknowledged):
    def step():
        browser = stack.browser()
        page = browser.login("newcomer")
        if page.status == 200:
            assert page.shows("newcomer")
            acknowledged.append(browser.session_key)
        else:
            assert page.cookie("sessionid") is None, "a cookie without a session"
        return page.status

    return step


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast shutdown", "immediate shutdown"])
def test_postgresql_stops_and_starts_under_load(stack, restored, key, how):
    acknowledged = []
    with load(watcher(stack, key), visitor(stack), newcomer(stack, acknowledged)) as (watching, visiting, logging_in):
        wait_until(lambda: len(acknowledged) >= 20 and watching.count(200) >= 20)
        stack.stop_postgres(how)
        wait_until(lambda: watching.count(503) >= 4 and logging_in.count(503) >= 4, what="503 for those who wait")
        before = visiting.count(200)
        wait_until(lambda: visiting.count(200) >= before + 20, what="pages that need no session")
        stack.start_postgres()
        reads, logins = watching.count(200), len(acknowledged)
        wait_until(lambda: watching.count(200) >= reads + 20 and len(acknowledged) >= logins + 20, what="the way back")
    assert set(visiting.outcomes) == {200}, (visiting.outcomes, visiting.failures[:3])
    assert set(watching.outcomes) == {200, 503}, (watching.outcomes, watching.failures[:3])
    assert set(logging_in.outcomes) == {200, 503}, (logging_in.outcomes, logging_in.failures[:3])
    assert watching.slowest < 2 * DEADLINE
    stored = {found for (found,) in stack.sql("SELECT session_key FROM django_session")}
    assert set(acknowledged) <= stored
    assert stack.is_well()


def test_a_short_outage_is_waited_out(stack, restored, key):
    with load(watcher(stack, key)) as watching:
        wait_until(lambda: watching.count(200) >= 20)
        stack.stop_postgres()
        stack.start_postgres()
        seen = watching.count(200)
        wait_until(lambda: watching.count(200) >= seen + 20)
    assert set(watching.outcomes) <= {200, 503}, (watching.outcomes, watching.failures[:3])


def test_cut_connections_are_made_anew(stack, restored, key):
    acknowledged = []
    with load(watcher(stack, key), newcomer(stack, acknowledged)) as (watching, logging_in):
        for _ in range(10):
            seen = watching.count(200)
            stack.sql(CUT)
            wait_until(lambda seen=seen: watching.count(200) >= seen + 10, what="reads after a cut")
    assert set(watching.outcomes) <= {200, 503}, (watching.outcomes, watching.failures[:3])
    assert set(logging_in.outcomes) <= {200, 503}, (logging_in.outcomes, logging_in.failures[:3])
    assert set(acknowledged) <= {found for (found,) in stack.sql("SELECT session_key FROM django_session")}


def test_cuts_faster_than_the_deadline_are_answered_and_forgotten(stack, restored, key):
    """Every connection cut five times a second: 200 or 503, nothing acknowledged is lost, and all is well soon after."""
    acknowledged = []
    with load(watcher(stack, key), newcomer(stack, acknowledged)) as (watching, logging_in):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            stack.sql(CUT + " AND datname = 'sessiond'", database="postgres")
            time.sleep(0.2)
        reads, logins = watching.count(200), len(acknowledged)
        wait_until(lambda: watching.count(200) >= reads + 20 and len(acknowledged) >= logins + 20, 3, "the way back")
    assert set(watching.outcomes) <= {200, 503}, (watching.outcomes, watching.failures[:3])
    assert set(logging_in.outcomes) <= {200, 503}, (logging_in.outcomes, logging_in.failures[:3])
    assert acknowledged and watching.slowest < 2 * DEADLINE
    assert set(acknowledged) <= {found for (found,) in stack.sql("SELECT session_key FROM django_session")}


def test_a_silent_database_costs_the_deadline_and_not_the_form(stack, restored, key):
    others = "SELECT pid FROM pg_stat_activity WHERE datname = 'sessiond' AND pid <> pg_backend_pid()"
    frozen = [stack.postgres.pid, *(pid for (pid,) in stack.sql(others))]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        assert stack.request("GET", FORM, timeout=2).is_form
        start = time.monotonic()
        page = stack.browser(sessionid=key).get(FORM)
        assert page.status == 503 and page.header("Retry-After") and page.cookie("sessionid") is None
        assert time.monotonic() - start < 2 * DEADLINE
        assert stack.request("GET", FORM, timeout=2).is_form
    finally:
        for pid in reversed(frozen):
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: stack.browser(sessionid=key).get(FORM).shows("alice"), what="the way back")


def test_a_server_that_cannot_write_still_reads(stack, restored, key):
    stack.sql("ALTER DATABASE sessiond SET default_transaction_read_only = on")
    cut = CUT + " AND datname = 'sessiond'"
    try:
        stack.sql(cut, database="postgres")
        wait_until(lambda: stack.browser(sessionid=key).get(FORM).shows("alice"), what="reading")
        page = stack.browser().login("nobody")
        assert page.status == 503 and page.cookie("sessionid") is None
    finally:
        stack.sql("ALTER DATABASE sessiond RESET default_transaction_read_only", database="postgres")
        stack.sql(cut, database="postgres")


def test_a_missing_table_is_503_and_heals(stack, restored, key):
    stack.sql("ALTER TABLE django_session RENAME TO away")
    try:
        assert stack.request("GET", FORM).is_form
        page = stack.browser(sessionid=key).get(FORM)
        assert page.status in (500, 503) and page.cookie("sessionid") is None
    finally:
        stack.sql("ALTER TABLE away RENAME TO django_session")
    wait_until(lambda: stack.browser(sessionid=key).get(FORM).shows("alice"), what="the way back")
    assert stack.is_well()
