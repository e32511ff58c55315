"""Acceptance 8: those who send half and stop change nothing for the others."""

import os
import resource
import socket
import time
from contextlib import ExitStack

import django_side
import fcgi
import pytest
from client import compose

FORM = "/myapp/connection/"
BODY = b"username=alice&password=" + b"x" * 5000

HALVES = {
    "nothing": b"",
    "half a header": fcgi.compose()[:5],
    "half a record": fcgi.compose()[:60],
    "all but the body": fcgi.compose("POST", "/myapp/login/", BODY)[:-1000],
    "half of a large body": fcgi.compose("POST", "/myapp/login/", b"x" * 1_000_000)[:500_000],
}


def pace(stack, key):
    """The slowest of some requests of both kinds."""
    slowest = 0
    for _ in range(20):
        start = time.monotonic()
        assert stack.request("GET", FORM).is_form
        assert stack.browser(sessionid=key).get(FORM).shows("alice")
        slowest = max(slowest, time.monotonic() - start)
    return slowest


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES.keys())
def test_sixty_four_that_stopped_halfway_change_nothing(stack, half):
    key = django_side.create({"username": "alice"})
    with ExitStack() as held:
        for _ in range(64):
            connection = held.enter_context(stack.fastcgi(timeout=2))
            try:
                connection.send(half)
            except TimeoutError:
                pass  # the worker does not read more of it: also a way of stopping
        assert pace(stack, key) < 1.5
    assert stack.is_well()


def test_peers_that_do_not_read_their_answer_change_nothing(stack):
    key = django_side.create({"username": "x" * 300_000})
    mine = django_side.create({"username": "alice"})
    with ExitStack() as held:
        for _ in range(16):
            connection = held.enter_context(stack.fastcgi())
            connection.send(fcgi.compose(path=FORM, HTTP_COOKIE=f"sessionid={key}"))
        assert pace(stack, mine) < 1.5
    assert stack.is_well()


def test_slow_browsers_change_nothing(stack):
    key = django_side.create({"username": "alice"})
    whole = compose("POST", "/myapp/login/", [("Host", "127.0.0.1")], BODY)
    with ExitStack() as held:
        for number in range(200):
            sock = held.enter_context(socket.create_connection(("127.0.0.1", stack.port)))
            sock.sendall(whole[: 20 + number])
        assert pace(stack, key) < 1.5
    assert stack.is_well()


def test_browsers_that_leave_before_the_answer_change_nothing(stack):
    key = django_side.create({"username": "alice"})
    raw = compose("GET", FORM, [("Host", f"127.0.0.1:{stack.port}"), ("Cookie", f"sessionid={key}")])
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", stack.port)) as sock:
            sock.sendall(raw)
    assert pace(stack, key) < 1.5
    assert stack.is_well()


def test_ten_thousand_kept_connections_are_all_served(stack):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        key = django_side.create({"username": "alice"})
        with ExitStack() as held:
            connections = [held.enter_context(stack.fastcgi()) for _ in range(10_000)]
            for _ in range(2):
                for first in range(0, len(connections), 500):
                    asked = connections[first : first + 500]
                    for connection in asked:
                        connection.send(fcgi.compose(path=FORM, HTTP_COOKIE=f"sessionid={key}"))
                    for connection in asked:
                        answer = connection.receive()
                        assert answer.status == 200 and b"<strong>alice</strong>" in answer.body
                assert pace(stack, key) < 1.5
            assert sum(len(os.listdir(f"/proc/{worker.pid}/fd")) for worker in stack.workers) > 10_000
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert stack.is_well()
