"""The workers remove expired sessions by themselves (SESSION_CLEAR_INTERVAL)."""

import pytest
from stack import Stack, wait_until

EXPIRED = "SELECT count(*) FROM django_session WHERE expire_date < now()"
AT_WORK = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = 'clearing')"


@pytest.fixture
def site(program, stack):
    """Workers that look every second, on a database of their own."""
    stack.sql("CREATE DATABASE clearing", database="postgres")
    site = Stack(program, DATABASE_URL=stack.database_url("clearing"), SESSION_CLEAR_INTERVAL="1", AUTHENTICATION="django")
    try:
        assert site.sessiond("migrate").returncode == 0
        yield site
    finally:
        site.stop()
        stack.sql("DROP DATABASE clearing WITH (FORCE)", database="postgres")


def number(stack, statement):
    return stack.sql(statement, database="clearing")[0][0]


def insert(stack, count, name="expired", expires="-1 day"):
    stack.sql(f"INSERT INTO django_session SELECT '{name}' || n, repeat('x', 300), now() + interval '{expires}' "
              f"FROM generate_series(1, {count}) AS n", database="clearing")


def test_one_of_two_workers_clears_and_another_goes_on_after_its_end(stack, site):
    insert(stack, 30_000)
    insert(stack, 10, "current", "1 day")
    stack.sql("INSERT INTO sessiond_login_limit VALUES (1, 0, 0, NULL), (2, 9000000000000000, 0, NULL)", database="clearing")
    site.start_workers(2)
    wait_until(lambda: number(stack, EXPIRED) < 30_000, what="the first batch")
    most = 0
    while (left := number(stack, EXPIRED)) > 20_000:
        most = max(most, number(stack, AT_WORK))
    assert most <= 1
    # Whichever is at work: the one that is left takes over, or goes on.
    site.workers[0].kill()
    site.workers[0].wait()
    assert left > 0
    wait_until(lambda: number(stack, EXPIRED) == 0, what="the last batch")
    wait_until(lambda: number(stack, "SELECT count(*) FROM sessiond_login_limit") == 1, what="the limits' turn")
    assert number(stack, "SELECT count(*) FROM django_session") == 10
    insert(stack, 3, "again")
    wait_until(lambda: number(stack, EXPIRED) == 0, what="the next look")
    wait_until(lambda: number(stack, AT_WORK) == 0, what="the end of the look")


def test_none_leaves_it_to_the_command(stack, site):
    insert(stack, 10)
    site.start_workers(1, SESSION_CLEAR_INTERVAL="None")
    site.start_workers(1, SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies", LOGIN_LIMIT_ACCOUNT="None",
                       LOGIN_LIMIT_ADDRESS="None")
    with pytest.raises(AssertionError):
        wait_until(lambda: number(stack, EXPIRED) < 10, 3)
    assert site.sessiond("clearsessions").returncode == 0 and number(stack, EXPIRED) == 0


@pytest.mark.parametrize("interval", ["0", "-1", "60x", "2592001", ""])
def test_another_interval_is_refused(site, interval):
    done = site.sessiond("serve", SESSION_CLEAR_INTERVAL=interval)
    assert done.returncode == 78 and "SESSION_CLEAR_INTERVAL" in done.stderr
