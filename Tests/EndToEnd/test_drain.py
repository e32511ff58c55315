"""SIGTERM and SIGINT: what is under way is finished, nothing new is begun, and the worker ends with 0 in its time."""

import signal
import threading
import time

import django_side
import fcgi
import psycopg
import pytest
from stack import wait_until

LOCK = "SELECT 1 FROM django_session WHERE session_key = %s FOR UPDATE"
WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%django_session%%'"
STOP = [signal.SIGTERM, signal.SIGINT]
GRACE = 5


def ended(process, seconds=GRACE + 5):
    return process.wait(seconds)


@pytest.mark.parametrize("stop", STOP)
def test_an_idle_worker_ends_at_once(stack, stop):
    with stack.worker() as (process, _):
        start = time.monotonic()
        process.send_signal(stop)
        assert ended(process) == 0
        assert time.monotonic() - start < GRACE + 1


@pytest.mark.parametrize("stop", STOP)
def test_a_request_under_way_is_finished(stack, stop):
    locked = django_side.create({"username": "locked"})
    with psycopg.connect(stack.database_url()) as locker, stack.worker() as (process, address):
        locker.execute(LOCK, [locked])
        with stack.fastcgi(address) as connection:
            connection.send(fcgi.compose(path="/myapp/logout/", HTTP_COOKIE=f"sessionid={locked}"))
            wait_until(lambda: stack.sql(WAITS), seconds=4, what="the request that waits for the lock")
            process.send_signal(stop)
            time.sleep(0.3)  # the worker has heard of it by now, and must still hold on to the request
            assert process.poll() is None
            locker.rollback()
            answer = connection.receive()
            assert answer.status == 200 and b"logged out" in answer.body
        assert ended(process) == 0


def test_the_last_answer_on_a_kept_connection_asks_to_close_it(stack):
    with stack.worker() as (process, address), stack.fastcgi(address) as connection:
        assert connection.exchange().status == 200
        process.terminate()
        time.sleep(0.2)
        assert connection.exchange().status == 200
        kind, request_id, _ = connection.receive_record()
        assert (kind, request_id) == (fcgi.UNKNOWN_TYPE, 0)
        connection.socket.close()
        start = time.monotonic()
        assert ended(process) == 0
        assert time.monotonic() - start < GRACE


def test_idle_and_stalled_connections_do_not_hold_it_up(stack):
    with stack.worker() as (process, address):
        held = [stack.fastcgi(address) for _ in range(32)]
        for number, connection in enumerate(held):
            connection.send(fcgi.compose()[: 10 * (number % 8)])
        process.terminate()
        assert ended(process, 2 * GRACE + 5) == 0
        for connection in held:
            connection.socket.close()


def test_no_new_connection_is_served(stack):
    with stack.worker() as (process, address):
        kept = stack.fastcgi(address)
        assert kept.exchange().status == 200
        process.terminate()
        time.sleep(0.3)
        try:
            with stack.fastcgi(address, timeout=1) as connection:
                connection.send(fcgi.compose())
                assert not connection.receive_until_quiet()
        except OSError:
            pass  # refused: the socket is gone already
        kept.socket.close()
        assert ended(process) == 0


def test_a_worker_ends_while_the_database_is_away(stack):
    unreachable = f"postgresql://sessiond@/sessiond?host={stack.directory}/nowhere"
    with stack.worker(DATABASE_URL=unreachable) as (process, address):
        with stack.fastcgi(address) as connection:
            assert connection.exchange().status == 200
            connection.send(fcgi.compose(HTTP_COOKIE="sessionid=" + "a" * 32))
            process.terminate()
            answer = connection.receive()
            assert not answer.output or answer.status == 503
        assert ended(process, 2 * GRACE + 5) == 0


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.long)])
def test_workers_replaced_one_by_one_lose_no_request(stack, rounds):
    """Rolling restarts under a load of pages and logins through nginx: every answer is 200."""
    wrong, stopping = [], threading.Event()

    def client():
        while not stopping.is_set():
            browser = stack.browser()
            for page in (browser.login("alice"), browser.get("/myapp/connection/")):
                if not page.shows("alice"):
                    wrong.append(page.status)

    threads = [threading.Thread(target=client) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(rounds):
            for old in list(stack.workers):
                stack.start_workers(1)
                time.sleep(0.5)  # both serve for a while, as deploy/supervise has it
                old.terminate()
                assert ended(old) == 0
                stack.workers.remove(old)
    finally:
        stopping.set()
        for thread in threads:
            thread.join(30)
    assert not wrong
    assert stack.is_well()
