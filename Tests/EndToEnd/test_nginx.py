"""The nginx files: the production ones pass `nginx -t`, and only what is meant to reaches the worker."""

import re
import shutil
import socket
import struct
import subprocess
import threading
from contextlib import contextmanager

import fcgi
import production
import pytest
from stack import ROOT, Stack, free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


@contextmanager
def echoing(program, extra=""):
    """An nginx whose workers are a responder that answers each request with its parameters, one a line."""
    stack = Stack(program)
    stack.listen()

    def serve():
        while True:
            try:
                sock, _ = stack.listener.accept()
            except OSError:
                return
            with sock:
                answer(sock)

    try:
        threading.Thread(target=serve, daemon=True).start()
        stack.start_nginx(extra)
        yield stack
    finally:
        stack.listener.shutdown(socket.SHUT_RDWR)
        stack.stop()


@pytest.fixture(scope="module")
def echo(program):
    with echoing(program) as stack:
        yield stack


@pytest.fixture(scope="module")
def balanced(program):
    """The same behind a load balancer, which the tests are."""
    text = (ROOT / "nginx/sessiond_balancer.conf").read_text()
    assert "set_real_ip_from  192.0.2.10;" in text
    with echoing(program, text.replace("192.0.2.10", "127.0.0.1")) as stack:
        yield stack


def answer(sock):
    connection = fcgi.Connection.__new__(fcgi.Connection)
    connection.socket = sock
    values, kind, content = b"", fcgi.BEGIN, b""
    while not (kind == fcgi.STDIN and not content):
        kind, _, content = connection.receive_record()
        if kind == fcgi.PARAMS:
            values += content
    page = b"Content-Type: text/plain\r\n\r\n" + b"".join(b"%b=%b\n" % pair for pair in decode(values))
    sock.sendall(fcgi.stream(fcgi.STDOUT, page) + fcgi.record(fcgi.END, struct.pack("!IB3x", 0, 0)))


def decode(values):
    place = 0
    while place < len(values):
        sizes = []
        for _ in range(2):
            size, place = values[place], place + 1
            if size > 127:
                size, place = struct.unpack("!I", values[place - 1 : place + 3])[0] & 0x7FFFFFFF, place + 3
            sizes.append(size)
        name, value = values[place : place + sizes[0]], values[place + sizes[0] : place + sum(sizes)]
        place += sum(sizes)
        yield name, value


def passed_on(echo, headers=(), path="/myapp/connection/?a=b"):
    return [tuple(line.split("=", 1)) for line in echo.request("GET", path, headers).text.splitlines()]


def test_the_host_keeps_its_port(echo):
    assert ("HTTP_HOST", f"127.0.0.1:{echo.port}") in passed_on(echo)
    assert ("HTTP_HOST", "[::1]:8080") in passed_on(echo, [("Host", "[::1]:8080")])
    assert ("HTTP_HOST", "localhost") in passed_on(echo, [("Host", "LocalHost")])


def test_the_host_of_the_request_line_wins(echo):
    found = passed_on(echo, [("Host", "evil.example:81")], path="http://good.example/x")
    assert [value for name, value in found if name == "HTTP_HOST"] == ["good.example:81"]


FORWARDED = [f"X-Forwarded-{what}" for what in ("For", "Host", "Port", "Proto")]


@pytest.mark.parametrize("header", ["Proxy", "Forwarded", "X-Real-IP", *FORWARDED])
def test_a_client_does_not_say_who_it_is_or_how_it_came(echo, header):
    found = passed_on(echo, [(header, "spoofed")])
    assert not [pair for pair in found if "spoofed" in pair[1]]


FROM_THE_CLIENT = [("X-Forwarded-For", "203.0.113.7, 198.51.100.3")]
SAID = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org", "X-Forwarded-Port": "443"}


def test_a_load_balancer_is_believed_where_it_is_named(balanced):
    values = dict(passed_on(balanced, [*FROM_THE_CLIENT, *SAID.items()]))
    assert values["REMOTE_ADDR"] == "198.51.100.3" and "HTTP_X_FORWARDED_FOR" not in values
    found = [values[f"HTTP_{name.upper().replace('-', '_')}"] for name in SAID]
    assert found == list(SAID.values())


@pytest.mark.parametrize("headers", [[], FROM_THE_CLIENT])
def test_what_a_load_balancer_does_not_say_is_not_said(balanced, headers):
    assert not [name for name, _ in passed_on(balanced, headers) if name.startswith("HTTP_X_FORWARDED")]


def test_what_comes_past_the_load_balancer_is_not_believed(balanced):
    # Whoever calls nginx directly is not among the addresses; here it sends no X-Forwarded-For.
    assert not [name for name, _ in passed_on(balanced, SAID.items()) if name.startswith("HTTP_X_FORWARDED")]


def test_without_a_named_load_balancer_nobody_is_believed(echo):
    values = dict(passed_on(echo, [*FROM_THE_CLIENT, *SAID.items()]))
    assert values["REMOTE_ADDR"] == "127.0.0.1"
    assert not [name for name in values if name.startswith("HTTP_X_FORWARDED")]


def test_logins_from_one_address_are_slowed_and_nothing_else_is(program):
    text = (ROOT / "nginx/sessiond.conf").read_text()
    with echoing(program, re.search(r"limit_req zone=.*?;", text)[0] + "\n") as echo:
        pages = [echo.request("POST", "/myapp/login/", body=b"username=alice") for _ in range(60)]
        statuses = [page.status for page in pages]
        assert 429 not in statuses[:31] and statuses.count(429) >= 20
        refused = pages[statuses.index(429)]
        assert refused.header("Retry-After") == "10" and "wait" in refused.text
        assert refused.header("Cache-Control") == "no-store" and refused.header("Content-Type") == "text/html"
        others = [("GET", "/myapp/login/"), ("POST", "/myapp/logout/"), ("GET", "/myapp/connection/")]
        assert 429 not in {echo.request(*other).status for other in others for _ in range(60)}


def test_no_header_can_pose_as_a_parameter(echo):
    odd = [("Https", "on"), ("Remote-User", "root"), ("X_Real_IP", "1.2.3.4"), ("Remote_Addr", "1.2.3.4")]
    values = dict(passed_on(echo, odd))
    assert "HTTPS" not in values and "REMOTE_USER" not in values and values["REMOTE_ADDR"] == "127.0.0.1"
    assert "1.2.3.4" not in values.values()


def test_what_a_view_needs_is_passed_on(echo):
    values = dict(passed_on(echo, [("Cookie", "sessionid=x")], path="/myapp/%63onnection/?a=%62"))
    assert values["REQUEST_METHOD"] == "GET" and values["QUERY_STRING"] == "a=%62"
    assert values["DOCUMENT_URI"] == values["SCRIPT_NAME"] == "/myapp/connection/"
    assert values["REQUEST_URI"] == "/myapp/%63onnection/?a=%62"
    assert values["HTTP_COOKIE"] == "sessionid=x"


def test_a_worker_that_is_gone_is_a_page_that_says_what_to_do(program):
    alone = Stack(program)
    try:
        alone.start_nginx()
        page = alone.request("GET", "/myapp/connection/")
    finally:
        alone.stop()
    assert page.status == 502 and page.header("Retry-After") and "reload" in page.text
    assert page.header("Content-Type").startswith("text/html")


def test_no_cookie_and_no_form_reaches_the_log(stack):
    browser = stack.browser()
    browser.login("alice", password="a password of mine")
    assert browser.session_key not in stack.log("access.log")
    assert "password of mine" not in stack.log("access.log") + stack.log("nginx.log") + stack.log("worker.log")


BALANCER = ("sessiond_balancer.conf",)
GATE = ("sessiond_gate.conf", "sessiond_gate_example.conf")


@pytest.mark.parametrize(("first", "last"), [((), ()), (BALANCER, ()), ((), GATE)],
                         ids=["the site", "behind a balancer", "with a gate"])
def test_the_production_files_pass_the_test_of_nginx(tmp_path, first, last):
    production.write(tmp_path, free_port(), free_port())
    conf = tmp_path / "sessiond.conf"
    site = "include sessiond_server.conf;"
    text = conf.read_text()
    assert site in text
    names = [f"include {name};" for name in (*first, "sessiond_server.conf", *last)]
    conf.write_text(text.replace(site, "\n".join(names)))
    command = [NGINX, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"]
    tested = subprocess.run(command, capture_output=True, text=True)
    assert tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr
