"""Where one request ends and the next begins, in HTTP and in FastCGI: never where an attacker says."""

import resource
import socket
import struct
import time
from contextlib import ExitStack
from pathlib import Path

import client
import fcgi
import pytest
from smuggling import answered_past_its_length, forged
from stack import wait_until
from website import FORM, LOGIN

SECOND = b"GET /myapp/style.css?smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"0\r\n\r\n"

AMBIGUOUS = {
    "both": [("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
    "both, the other way": [("Transfer-Encoding", "chunked"), ("Content-Length", "5")],
    "two lengths": [("Content-Length", "5"), ("Content-Length", "0")],
    "two equal lengths": [("Content-Length", "5"), ("Content-Length", "5")],
    "a list of lengths": [("Content-Length", "5, 0")],
    "a signed length": [("Content-Length", "+5")],
    "a negative length": [("Content-Length", "-1")],
    "a hexadecimal length": [("Content-Length", "0x5")],
    "a length past 64 bits": [("Content-Length", "18446744073709551621")],
    "a length that is no number": [("Content-Length", "5x")],
    "an odd coding": [("Transfer-Encoding", "xchunked")],
    "two codings": [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "identity")],
    "a list of codings": [("Transfer-Encoding", "identity, chunked")],
    "an unknown coding": [("Transfer-Encoding", "gzip")],
    "a blank before the colon": [("Transfer-Encoding ", "chunked"), ("Content-Length", "5")],
    "a folded header": [("X", "y\r\n Transfer-Encoding: chunked"), ("Content-Length", "5x")],
    "a line break in a header": [("X", "y\rTransfer-Encoding: chunked"), ("Content-Length", "5x")],
    "a NUL in a header": [("X", "y\0z"), ("Content-Length", "5")],
}


@pytest.mark.parametrize("headers", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_content_length_and_transfer_encoding(site, headers):
    """A request whose length can be read in two ways is refused, and its connection closed."""
    raw = client.compose("POST", LOGIN, [("Host", "127.0.0.1"), *headers], b"") + CHUNKED + SECOND
    with socket.create_connection(("127.0.0.1", site.stack.port), timeout=5) as sock:
        sock.sendall(raw)
        received = b""
        try:
            while piece := sock.recv(65536):
                received += piece
        except ConnectionResetError:
            pass
    assert received.count(b"HTTP/1.1 ") == 1 and b"text/css" not in received
    assert 400 <= int(received.split()[1]) <= 501, received[:200]


@pytest.fixture
def no_rows(stack):
    """Nobody logs in while this runs, so that a row afterwards is a forged login."""
    stack.sql("DELETE FROM django_session")
    yield
    assert stack.sql("SELECT session_key FROM django_session") == []


@pytest.mark.parametrize("path", [FORM, LOGIN, "/nothing", "/myapp/login"])
@pytest.mark.parametrize("size", [9_000, 65_000, 2_700_000])
def test_smuggled_in_a_body(demonstration, stack, no_rows, path, size):
    """A plain POST through nginx whose body is FastCGI requests: one answer, and the next visitors get their own."""
    host = [("Host", f"127.0.0.1:{stack.port}"), ("Content-Type", "application/octet-stream")]
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as sock:
        first = client.exchange(sock, client.compose("POST", path, host, forged(stack, size)), "POST")
    assert 200 <= first.status < 500 and "forged" not in first.text
    for _ in range(8):
        assert stack.request("GET", "/myapp/style.css").header("Content-Type").startswith("text/css")


@pytest.mark.parametrize("declared", [0, 8, 8192, 29_999])
def test_smuggled_past_content_length(stack, no_rows, declared):
    assert b"forged" not in answered_past_its_length(stack, declared)


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "BREW"])
@pytest.mark.parametrize("path", [FORM, LOGIN, "/nothing"])
def test_smuggled_on_a_kept_connection(stack, no_rows, path, method):
    """However a request with a body is answered, the next on its connection is answered for itself or not at all."""
    with stack.fastcgi() as connection:
        connection.send(fcgi.compose(method, path, forged(stack, 30_000), CONTENT_TYPE="text/plain"))
        assert connection.receive().status < 500
        try:
            connection.send(fcgi.compose(path="/myapp/style.css", request_id=5))
        except (BrokenPipeError, ConnectionResetError):
            return  # not kept
        following = connection.receive()
        assert not following.output or b"text/css" in following.output
        connection.socket.settimeout(0.3)
        assert connection.receive_until_quiet() == b""


def test_smuggled_behind_a_request(demonstration, stack):
    """Two requests in one packet never share a visitor."""
    key = demonstration.session("alice")
    alice = fcgi.compose(HTTP_COOKIE=f"sessionid={key}")
    for first, second in ((alice, fcgi.compose(request_id=2)), (fcgi.compose(), alice)):
        with stack.fastcgi() as connection:
            connection.send(first + second)
            answers = [connection.receive()]
            connection.socket.shutdown(socket.SHUT_WR)
            answers.append(connection.receive())
        for sent, answer in zip((first, second), answers, strict=True):
            assert not answer.output or (b"<strong>alice</strong>" in answer.body) == (sent is alice)


@pytest.mark.parametrize(("sent", "declared"), [(2_700_000, 10), (20, 10), (30_000, 0), (30, None), (10, 20)])
def test_stdin_longer_than_content_length(stack, sent, declared):
    """A body that is not as long as declared is no form: nobody is logged in by a part of it."""
    secret = "a" * 32
    body = (b"username=alice&password=" + b"x" * sent)[:sent]
    with stack.fastcgi() as connection:
        values = fcgi.parameters("POST", LOGIN, body, CONTENT_LENGTH=str(declared))
        if declared is None:
            del values["CONTENT_LENGTH"]
        values |= {"HTTP_COOKIE": f"csrftoken={secret}", "HTTP_X_CSRFTOKEN": secret}
        try:
            connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.encode(values)) + fcgi.stream(fcgi.STDIN,
                                                                                                       body))
            connection.socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            return
        answer = connection.receive()
    assert not answer.output or answer.status >= 400 and b"sessionid=" not in answer.output
    assert stack.is_well()


def resident(stack):
    """Bytes that the workers hold in memory."""
    pages = [int(Path(f"/proc/{worker.pid}/statm").read_text().split()[1]) for worker in stack.workers]
    return sum(pages) * resource.getpagesize()


def test_body_over_limit_refused_not_buffered(stack):
    """Eight bodies of 40 MB at once, straight to the workers: refused, and never held in memory."""
    stack.is_well()
    before, highest = resident(stack), 0
    with ExitStack() as held:
        connections = [held.enter_context(stack.fastcgi(timeout=1)) for _ in range(8)]
        values = fcgi.encode(fcgi.parameters("POST", LOGIN, b"x", CONTENT_LENGTH="40000000"))
        for connection in connections:
            connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, values))
        piece, alive = fcgi.record(fcgi.STDIN, b"x" * 65_528) * 8, set(connections)
        for _ in range(76):
            for connection in list(alive):
                try:
                    connection.send(piece)
                except (TimeoutError, BrokenPipeError, ConnectionResetError):
                    alive.discard(connection)
            highest = max(highest, resident(stack))
            if not alive:
                break
    assert highest - before < 60_000_000, f"{(highest - before) // 1_000_000} MB more"
    large = stack.request("POST", LOGIN, [("Content-Type", client.FORM_TYPE)], b"x" * 4_000_000)
    assert large.status == 413 and stack.is_well()


@pytest.mark.parametrize("name", [*fcgi.parameters("POST"), "all"])
def test_each_cgi_variable_missing(stack, name):
    """None of the variables is taken for granted; neither absent, nor empty, nor odd."""
    with ExitStack() as held:
        for value in (None, "", "\0", "\xff", "\n", "%", "x" * 5000, "-1", "/%0a"):
            values = fcgi.parameters("POST", LOGIN, b"a=b")
            names = [name] if name != "all" else list(values)
            for one in names:
                values.pop(one)
            if value is not None:
                values |= dict.fromkeys(names, value.encode("latin-1"))
            connection = held.enter_context(stack.fastcgi())
            connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, fcgi.encode(values)) + fcgi.stream(fcgi.STDIN,
                                                                                                       b"a=b"))
            connection.socket.shutdown(socket.SHUT_WR)
            answer = connection.receive()
            assert not answer.output or (answer.status < 500 and b"sessionid=" not in answer.output)
    assert stack.is_well()


@pytest.mark.parametrize(
    ("name", "value"),
    [(0x7FFFFFFF, 0), (0x7FFFFFFE, 0), (0x7FFFFFFF, 0x7FFFFFFF), (0x40000000, 0x40000000), (0, 0x7FFFFFFF),
     (0xFFFF, 0xFFFF)],
    ids=hex,
)
def test_param_length_overflows(stack, name, value):
    """Lengths on which the stock library aborts cost their connection and no worker."""
    lengths = struct.pack("!II", name | 0x80000000, value | 0x80000000)
    for content in (lengths, lengths + b"x" * 1000, fcgi.encode(fcgi.parameters()) + lengths):
        with stack.fastcgi() as connection:
            connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, content) + fcgi.record(fcgi.STDIN))
            connection.socket.shutdown(socket.SHUT_WR)
            assert not connection.receive().output
    assert stack.is_well()


def test_get_values_repeated_names(stack):
    names = ("FCGI_MPXS_CONNS", "FCGI_MAX_CONNS", "FCGI_MAX_REQS", "x" * 500)
    for pairs in (names[:1] * 6, names * 40, names[3:] * 100):
        with stack.fastcgi() as connection:
            content = b"".join(fcgi.pair(name, "") for name in pairs)
            try:
                connection.send(fcgi.record(fcgi.GET_VALUES, content, request_id=0))
                connection.socket.shutdown(socket.SHUT_WR)
                connection.receive()
            except (BrokenPipeError, ConnectionResetError):
                pass
    assert stack.is_well()


@pytest.mark.parametrize("size", [0, 5, 60, -1])
def test_silent_connections_64(stack, size):
    """Sixty-four peers that stopped halfway hold nobody up."""
    half = fcgi.compose()[:size]
    with ExitStack() as held:
        for _ in range(64):
            held.enter_context(stack.fastcgi()).send(half)
        start = time.monotonic()
        for _ in range(10):
            assert stack.request("GET", FORM).is_form
        assert time.monotonic() - start < 2
    assert stack.is_well()


def open_files(stack):
    return sum(len(list(Path(f"/proc/{worker.pid}/fd").iterdir())) for worker in stack.workers)


def test_connect_close_storm_300(stack):
    stack.is_well()
    before, request = open_files(stack), fcgi.compose()
    for number in range(300):
        with stack.fastcgi() as connection:
            connection.send(request[: number % len(request)])
    assert stack.is_well()
    wait_until(lambda: open_files(stack) <= before + 8, what="the closing of 300 connections")


def test_connections_1100(stack):
    """Descriptors above 1,024, where select overflows, are served like any others."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    try:
        with stack.worker(AUTHENTICATION="any") as (process, address), ExitStack() as held:
            connections = [held.enter_context(stack.fastcgi(address)) for _ in range(1100)]
            wait_until(lambda: len(list(Path(f"/proc/{process.pid}/fd").iterdir())) > 1100, what="1,100 connections")
            for connection in connections[::-50]:
                assert connection.exchange().status == 200
            assert process.poll() is None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
