"""Acceptance 8: rows that another client has locked, under two workers: no deadlock, no stall of unrelated keys."""

import random
import threading
import time

import django_side
import psycopg
import pytest
from load import load
from stack import wait_until

FORM, LOGOUT = "/myapp/connection/", "/myapp/logout/"
LOCK = "SELECT 1 FROM django_session WHERE session_key = %s FOR UPDATE"


@pytest.fixture
def locker(stack):
    """A client in a transaction of its own; what it locks is free again after the test."""
    with psycopg.connect(stack.database_url()) as connection:
        yield connection
        connection.rollback()


def deadlocks(stack):
    return stack.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'sessiond'")[0][0]


def test_a_locked_row_holds_up_its_own_session_only(stack, locker):
    locked = django_side.create({"username": "locked"})
    locker.execute(LOCK, [locked])
    waiting = threading.Thread(target=lambda: stack.browser(sessionid=locked).get(LOGOUT), daemon=True)
    waiting.start()
    slowest = 0
    for _ in range(20):
        start = time.monotonic()
        browser = stack.browser()
        assert browser.login("alice").shows("alice")
        assert browser.get(LOGOUT).status == 200
        slowest = max(slowest, time.monotonic() - start)
    assert slowest < 2
    locker.rollback()
    waiting.join(15)
    assert stack.is_well()


def test_a_locked_row_can_be_read(stack, locker):
    locked = django_side.create({"username": "locked"})
    locker.execute(LOCK, [locked])
    assert stack.browser(sessionid=locked).get(FORM, timeout=3).shows("locked")


def test_a_logout_of_a_locked_row_waits_for_the_lock(stack, locker):
    locked = django_side.create({"username": "locked"})
    locker.execute(LOCK, [locked])
    pages = []
    thread = threading.Thread(target=lambda: pages.append(stack.browser(sessionid=locked).get(LOGOUT)))
    thread.start()
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%django_session%%'"
    wait_until(lambda: stack.sql(waits), seconds=4, what="the wait for the lock")
    locker.rollback()
    thread.join(15)
    assert pages[0].status == 200 and stack.row(locked) is None


def test_a_lock_that_stays_is_503_and_not_logged_out(stack, locker):
    locked = django_side.create({"username": "locked"})
    locker.execute(LOCK, [locked])
    page = stack.browser(sessionid=locked).get(LOGOUT)
    assert page.status == 503 and page.cookie("sessionid") is None
    locker.rollback()
    assert stack.row(locked)
    assert stack.browser(sessionid=locked).get(LOGOUT).status == 200


def test_locks_in_opposite_orders_make_no_deadlock(stack):
    """Many log in over live sessions, which deletes their old rows, while a client locks pairs of them both ways."""
    before = deadlocks(stack)
    clients = [stack.browser() for _ in range(16)]
    for number, client in enumerate(clients):
        client.login(f"user{number}")
    turns = [threading.Lock() for _ in clients]

    def login_again():
        number = random.randrange(len(clients))
        with turns[number]:
            page = clients[number].login(f"user{number}")
            assert page.status == 503 or page.shows(f"user{number}")
            return page.status

    def lock_pairs():
        pair = [client.session_key for client in random.sample(clients, 2)]
        with psycopg.connect(stack.database_url()) as connection:
            for key in pair:
                connection.execute(LOCK, [key])
                time.sleep(0.005)
            connection.rollback()
        return "locked"

    # One client of locks: two of them would deadlock with each other.
    with load(login_again, threads=8) as logins, load(lock_pairs, threads=1) as locks:
        wait_until(lambda: logins.count(200) >= 300 and locks.count("locked") >= 50, seconds=60)
    assert not logins.failures and not locks.failures, (logins.failures[:3], locks.failures[:3])
    assert deadlocks(stack) == before
    assert logins.slowest < 5
    assert stack.is_well()


def test_a_late_save_does_not_bring_a_deleted_session_back(stack):
    """Logins and logouts of one session at once: when all is done, no key that was logged out is alive."""
    for _ in range(20):
        browser = stack.browser()
        browser.login("alice")
        old = browser.session_key
        racers = [
            threading.Thread(target=stack.browser(**browser.cookies).login, args=("mallory",)),
            threading.Thread(target=stack.browser(**browser.cookies).get, args=(LOGOUT,)),
            threading.Thread(target=stack.browser(**browser.cookies).get, args=(FORM,)),
        ]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(15)
        assert stack.row(old) is None
        assert stack.browser(sessionid=old).get(FORM).is_form


@pytest.mark.parametrize(("compatible", "status"), [("False", 503), ("True", 400)])
def test_an_update_that_fails_is_no_logout_unless_django_is_followed(stack, locker, compatible, status):
    """Django answers every error of its database at an update as if the session had been deleted."""
    key = django_side.create({"theme": "dark"})
    settings = {"CSRF_USE_SESSIONS": "True", "SESSION_DJANGO_COMPATIBLE": compatible, "DATABASE_TIMEOUT": "1"}
    locker.execute(LOCK, [key])
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange(HTTP_COOKIE=f"sessionid={key}")
        assert answer.status == status, answer.output
    assert stack.row(key)
