"""FastCGI records that nginx would never send: each costs its own connection and nothing else."""

import socket
import struct
from pathlib import Path

import fcgi
import pytest
from fcgi import PARAMS, STDIN, begin, compose, encode, length, pair, parameters, record, stream
from stack import wait_until

GOOD = compose()
PARAMETERS = encode(parameters())


def finish(connection):
    """Says that no more will come, and waits for the worker to be done with the connection."""
    connection.socket.shutdown(socket.SHUT_WR)
    return connection.receive()


def test_a_good_request_is_answered_and_the_connection_kept(stack):
    with stack.fastcgi() as connection:
        for _ in range(3):
            answer = connection.exchange()
            assert answer.status == 200 and answer.protocol_status == fcgi.REQUEST_COMPLETE
            assert b"csrfmiddlewaretoken" in answer.body


def test_a_connection_that_need_not_be_kept_is_closed(stack):
    with stack.fastcgi() as connection:
        assert connection.exchange(keep=False).status == 200
        assert connection.is_closed()


def test_a_request_cut_anywhere_harms_nobody(stack):
    for cut in [*range(1, 40), *range(40, len(GOOD), 23)]:
        with stack.fastcgi() as connection:
            connection.send(GOOD[:cut])
    assert stack.is_well()


def test_a_request_cut_anywhere_and_held_open_harms_nobody(stack):
    held = [stack.fastcgi() for _ in range(40)]
    for number, connection in enumerate(held):
        connection.send(GOOD[: 1 + number * len(GOOD) // 41])
    assert stack.is_well()
    for connection in held:
        connection.socket.close()
    assert stack.is_well()


def test_a_request_in_single_bytes_is_answered(stack):
    with stack.fastcgi() as connection:
        for place in range(len(GOOD)):
            connection.send(GOOD[place : place + 1])
        assert connection.receive().status == 200


@pytest.mark.parametrize("chunk", [1, 7, 255, 65535])
def test_streams_may_be_cut_into_records_of_any_size(stack, chunk):
    body = b"username=alice"
    values = encode(parameters("POST", "/myapp/login/", body))
    with stack.fastcgi() as connection:
        connection.send(begin() + stream(PARAMS, values, chunk=chunk) + stream(STDIN, body, chunk=chunk))
        assert connection.receive().status == 403


@pytest.mark.parametrize("padding", [1, 7, 255])
def test_padding_is_skipped(stack, padding):
    with stack.fastcgi() as connection:
        connection.send(begin() + record(PARAMS, PARAMETERS, padding=padding) + record(PARAMS) + record(STDIN))
        assert connection.receive().status == 200
    assert stack.is_well()


def test_an_aborted_request_harms_nobody(stack):
    for before in (begin(), begin() + record(PARAMS, PARAMETERS), begin() + stream(PARAMS, PARAMETERS)):
        with stack.fastcgi() as connection:
            connection.send(before + record(fcgi.ABORT))
            answer = finish(connection)
            assert not answer.output or answer.status == 200
    assert stack.is_well()


@pytest.mark.parametrize("role", [0, fcgi.AUTHORIZER, fcgi.FILTER, 99, 65535])
def test_another_role_is_not_served(stack, role):
    with stack.fastcgi() as connection:
        connection.send(begin(role=role) + stream(PARAMS, PARAMETERS) + stream(STDIN, b""))
        answer = finish(connection)
        assert not answer.output and answer.protocol_status in (None, fcgi.UNKNOWN_ROLE)
    assert stack.is_well()


HUGE = (0x7FFFFFFF, 0x7FFFFFFE, 0x40000000, 0xFFFF)

BROKEN = {
    "nothing but zeros": bytes(4096),
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
    "a wrong version": record(fcgi.BEGIN, struct.pack("!HB5x", 1, 1), version=2) + GOOD[16:],
    "a short BEGIN": record(fcgi.BEGIN, b"\0\1"),
    "a long BEGIN": record(fcgi.BEGIN, struct.pack("!HB5x", 1, 1) + bytes(8)) + GOOD[16:],
    "no BEGIN": GOOD[16:],
    "two BEGINs": begin() + GOOD,
    "a BEGIN of another request": begin() + begin(2) + GOOD[16:],
    "STDIN before PARAMS": begin() + stream(STDIN, b"x") + stream(PARAMS, PARAMETERS),
    "records of another request": begin() + stream(PARAMS, PARAMETERS, 7) + stream(STDIN, b"", 7),
    "an unknown type": begin() + record(99, b"what") + GOOD[16:],
    "an unknown management type": record(99, b"what", request_id=0) + GOOD,
    "a hundred empty records": record(99, request_id=0) * 100,
    "empty PARAMS with padding": begin() + record(PARAMS, padding=8) + record(STDIN, padding=8),
    "PARAMS without end": begin() + record(PARAMS, PARAMETERS),
    "a pair past its record": begin() + stream(PARAMS, PARAMETERS + length(200) + length(200) + b"x") + record(STDIN),
    "a cut length": begin() + stream(PARAMS, PARAMETERS + b"\xff\xff") + record(STDIN),
    "GET_VALUES six times": record(fcgi.GET_VALUES, pair("FCGI_MPXS_CONNS", "") * 6, request_id=0),
    "GET_VALUES with all names": record(
        fcgi.GET_VALUES, b"".join(pair(f"FCGI_{name}", "") for name in ("MAX_CONNS", "MAX_REQS", "MPXS_CONNS")) * 9, 0
    ),
    "no parameters": begin() + record(PARAMS) + record(STDIN),
    "no method": begin() + stream(PARAMS, encode({"REQUEST_URI": "/"})) + record(STDIN),
    "a NUL in a value": compose(HTTP_COOKIE="sessionid=abcdefgh\0zz", DOCUMENT_URI="/myapp/\0connection/"),
    "an equals sign in a name": compose(**{"HTTP_COOKIE=x": "y", "=": "=", "": ""}),
    "bytes that are no UTF-8": compose(DOCUMENT_URI=b"/\xff\x80", HTTP_COOKIE=b"\xff=\xfe", QUERY_STRING=b"\xc3\x28"),
    "ten thousand parameters": begin() + stream(PARAMS, PARAMETERS + pair("N", "v") * 10_000) + record(STDIN),
    "a parameter of a megabyte": compose(HTTP_X="x" * 1_000_000),
    "a negative length": compose("POST", "/myapp/login/", CONTENT_LENGTH="-1"),
    "a length that is no number": compose("POST", "/myapp/login/", CONTENT_LENGTH="1e9"),
    "a length of twenty digits": compose("POST", "/myapp/login/", CONTENT_LENGTH="9" * 20),
    "a method of odd bytes": compose(method=b"G\r\nET"),
} | {
    f"a name length of {size:#x}": begin() + stream(PARAMS, length(size) + length(0) + b"x") + record(STDIN)
    for size in HUGE
} | {
    f"both lengths {size:#x}": begin() + stream(PARAMS, length(size) + length(size) + b"x") + record(STDIN)
    for size in HUGE
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_broken_records_cost_their_own_connection_only(stack, data):
    for _ in range(2 * len(stack.workers)):
        with stack.fastcgi() as connection:
            try:
                connection.send(data)
                finish(connection)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of it was sent
    assert stack.is_well()


@pytest.mark.parametrize(("sent", "declared"), [(10, 20), (20, 10), (0, 10), (10, 0)])
def test_a_body_that_is_not_as_long_as_declared_is_refused(stack, sent, declared):
    with stack.fastcgi() as connection:
        secret = "a" * 32
        values = parameters("POST", "/myapp/login/", b"x" * sent, CONTENT_LENGTH=str(declared))
        values |= {"HTTP_COOKIE": f"csrftoken={secret}", "HTTP_X_CSRFTOKEN": secret}
        connection.send(begin() + stream(PARAMS, encode(values)) + stream(STDIN, b"username=alice&password=x"[:sent]))
        answer = finish(connection)
        assert not answer.output or answer.status >= 400
    assert stack.is_well()


def test_a_second_request_behind_the_first_is_answered_or_refused_but_never_mixed(stack):
    with stack.fastcgi() as connection:
        connection.send(compose(path="/nothing") + compose(path="/myapp/style.css", request_id=2))
        first = connection.receive()
        assert not first.output or first.status == 404
        second = finish(connection)
        assert not second.output or second.status == 200
    assert stack.is_well()


def test_three_hundred_connections_that_come_and_go_leave_no_trace(stack):
    def open_files():
        return sum(len(list(Path(f"/proc/{worker.pid}/fd").iterdir())) for worker in stack.workers)

    assert stack.is_well()
    before = open_files()
    for number in range(300):
        with stack.fastcgi() as connection:
            connection.send(GOOD[: number % len(GOOD)])
    assert stack.is_well()
    wait_until(lambda: open_files() <= before + 8, what="the closing of 300 connections")
