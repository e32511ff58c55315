"""Visitors who go away in the middle, are slow, or are many."""

import socket
import threading
from contextlib import contextmanager, suppress
from http.client import HTTPException
from urllib.parse import urlencode

from client import FORM_TYPE, compose
from clients import FORM, LOGIN, SECRET
from trial import Expected

from scenarios import scenario


@contextmanager
def crowd(step, count):
    """So many threads beside the clients, each of which repeats the step with its number and the stopping event."""
    stopping = threading.Event()

    def repeat(number):
        while not stopping.is_set():
            with suppress(OSError, HTTPException):
                step(number, stopping)

    threads = [threading.Thread(target=repeat, args=[number], daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(20)


def login_of(user, site):
    body = urlencode({"csrfmiddlewaretoken": SECRET, "username": user, "password": "x"}).encode()
    headers = [("Host", f"127.0.0.1:{site.port}"), ("Cookie", f"csrftoken={SECRET}"), ("Content-Type", FORM_TYPE)]
    return compose("POST", LOGIN, headers, body)


@scenario
def clients_leave(trial):
    """Visitors send a login or a page's request, whole or in part, and hang up at once."""
    site = trial.start()
    with trial.load() as clients:

        def leave(number, stopping):
            raw = login_of(f"leaver-{number}", site) if number % 2 else compose("GET", FORM, [("Host", "127.0.0.1")])
            for length in (len(raw), len(raw) // 2, len(raw) - 1):
                if number % 2 and length == len(raw):
                    clients.note("begin")
                with socket.create_connection(("127.0.0.1", site.port), timeout=5) as sock:
                    sock.sendall(raw[:length])
                stopping.wait(0.02)

        with crowd(leave, 6):
            trial.go_on(3 * trial.seconds)
    return Expected(failed=0, outage=1)


@scenario
def slow_clients(trial):
    """A hundred visitors send their request byte by byte, or read the answer as slowly: the others notice nothing."""
    site = trial.start()
    with trial.load() as clients:

        def creep(number, stopping):
            clients.note("begin")
            with socket.create_connection(("127.0.0.1", site.port), timeout=15) as sock:
                raw = login_of(f"slow-{number}", site)
                # Where it is the answer that is to be slow, most of the request goes at once.
                slow = 5 if number % 2 else len(raw) - 1
                sock.sendall(raw[:-slow])
                for at in range(len(raw) - slow, len(raw)):
                    sock.sendall(raw[at: at + 1])
                    if stopping.wait(0.05):
                        return
                while sock.recv(16):
                    if stopping.wait(0.1):
                        return

        with crowd(creep, 100):
            trial.go_on(3 * trial.seconds)
    return Expected(failed=0, outage=2)


@scenario
def slow_uploads(trial):
    """Thirty visitors upload two megabytes slowly, and half of them never end: the others notice nothing."""
    site = trial.start()
    with trial.load():

        def upload(number, stopping):
            head = [("Host", f"127.0.0.1:{site.port}"), ("Content-Length", str(2 << 20)), ("Content-Type", FORM_TYPE)]
            with socket.create_connection(("127.0.0.1", site.port), timeout=15) as sock:
                sock.sendall(compose("POST", LOGIN, head))
                for _ in range(32 if number % 2 else 20):
                    sock.sendall(b"x" * 65536)
                    if stopping.wait(0.05):
                        return
                if number % 2:
                    sock.recv(65536)

        with crowd(upload, 30):
            trial.go_on(3 * trial.seconds)
    return Expected(failed=0, outage=2)
