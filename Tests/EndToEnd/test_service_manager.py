"""Type=notify and WatchdogSec= of systemd: what a worker says to the socket in NOTIFY_SOCKET, and when."""

import os
import signal
import socket
import time
from contextlib import contextmanager

import pytest
from stack import accepts

# WATCHDOG_PID must name the process that serves, so a shell sets it and becomes that process.
WATCHED = ["/bin/bash", "-c", 'export WATCHDOG_PID=$$; exec "$@"', "-"]


@contextmanager
def manager(stack, abstract=False):
    """The socket that systemd would listen on; its name as NOTIFY_SOCKET has it."""
    name = f"{stack.run}/notify-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name if abstract else name)
        if not abstract:
            os.chmod(name, 0o777)
        sock.settimeout(10)
        yield sock, "@" + name if abstract else name


def heard(sock, seconds):
    """What arrives within that time."""
    messages, deadline = [], time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            messages.append(sock.recv(4096).decode())
        except TimeoutError:
            break
    return messages


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract name"])
def test_it_says_that_it_is_ready_and_that_it_stops(stack, abstract):
    with manager(stack, abstract) as (sock, name), stack.worker(NOTIFY_SOCKET=name) as (process, address):
        assert sock.recv(4096) == b"READY=1"
        assert accepts(address)
        process.send_signal(signal.SIGTERM)
        assert sock.recv(4096) == b"STOPPING=1"
        assert process.wait(10) == 0
        assert heard(sock, 0.1) == []


def test_it_is_not_ready_with_a_wrong_setting(stack):
    with manager(stack) as (sock, name):
        address = f"unix:{stack.run}/never.sock"
        settings = {"NOTIFY_SOCKET": name, "SESSION_COOKIE_AGE": "60x"}
        done = stack.sessiond("serve", "--listen", address, timeout=10, **settings)
        assert done.returncode == 78 and done.stderr.startswith("Error: SESSION_COOKIE_AGE: ")
        assert heard(sock, 0.1) == []


def test_it_says_twice_within_the_watchdogs_time_that_it_lives(stack):
    with manager(stack) as (sock, name):
        with stack.worker(under=WATCHED, NOTIFY_SOCKET=name, WATCHDOG_USEC="200000") as (process, _):
            assert sock.recv(4096) == b"READY=1"
            messages = heard(sock, 2)
            assert set(messages) == {"WATCHDOG=1"} and 15 <= len(messages) <= 21
            process.send_signal(signal.SIGSTOP)
            heard(sock, 0.2)
            assert heard(sock, 1) == []
            process.send_signal(signal.SIGCONT)
            assert "WATCHDOG=1" in heard(sock, 1)


@pytest.mark.parametrize(
    "settings",
    [{}, {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "-200000"}],
    ids=["none", "another's", "zero", "negative"],
)
def test_without_a_watchdog_of_its_own_it_is_silent(stack, settings):
    with manager(stack) as (sock, name), stack.worker(NOTIFY_SOCKET=name, **settings):
        assert sock.recv(4096) == b"READY=1"
        assert heard(sock, 0.5) == []


@pytest.mark.parametrize("name", ["/no/such/socket", "relative", "@" + "x" * 200, "", "@"])
def test_a_manager_that_cannot_be_reached_holds_up_nothing(stack, name):
    settings = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "100000"}
    with stack.worker(**settings) as (process, address), stack.fastcgi(address) as connection:
        assert connection.exchange().status == 200
        time.sleep(0.3)
        assert process.poll() is None
