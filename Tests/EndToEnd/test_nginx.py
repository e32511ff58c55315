"""The nginx files: the production ones pass `nginx -t`, and only what is meant to reaches the worker."""

import re
import shutil
import socket
import struct
import subprocess
import threading

import fcgi
import production
import pytest
from stack import Stack, free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin")


@pytest.fixture(scope="module")
def echo(program):
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
        stack.start_nginx()
        yield stack
    finally:
        stack.listener.shutdown(socket.SHUT_RDWR)
        stack.stop()


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


GATE = ("sessiond_gate.conf", "sessiond_gate_example.conf")


@pytest.mark.parametrize("others", [(), GATE], ids=["the site", "with a gate"])
def test_the_production_files_pass_the_test_of_nginx(tmp_path, others):
    production.write(tmp_path, free_port(), free_port())
    conf = tmp_path / "sessiond.conf"
    site = "include sessiond_server.conf;"
    conf.write_text(conf.read_text().replace(site, site + "".join(f"include {name};" for name in others)))
    command = [NGINX, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"]
    tested = subprocess.run(command, capture_output=True, text=True)
    assert tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr
