"""A POST body that holds whole FastCGI requests is a body: one response each, and nobody is logged in by it."""

import socket

import fcgi
import pytest
from client import compose, exchange
from smuggling import answered_past_its_length, forged

TARGETS = ["/myapp/connection/", "/myapp/login/", "/myapp/logout/", "/myapp/style.css", "/nothing", "/myapp/login"]


@pytest.fixture(autouse=True)
def empty_table(stack):
    """Nobody logs in here, so a row afterwards is a forged login."""
    stack.sql("DELETE FROM django_session")


def forged_logins(stack):
    return stack.sql("SELECT session_key FROM django_session")


@pytest.mark.parametrize("size", [9_000, 30_000, 65_000, 400_000, 2_700_000])
@pytest.mark.parametrize("path", TARGETS)
def test_a_body_of_requests_is_no_request_through_nginx(stack, path, size):
    body = forged(stack, size)
    host = [("Host", f"127.0.0.1:{stack.port}"), ("Content-Type", "application/octet-stream")]
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as sock:
        first = exchange(sock, compose("POST", path, host, body), "POST")
        assert 200 <= first.status < 500 and "forged" not in first.text
    for _ in range(8):  # nginx would hand a forged answer to whoever comes next on the kept connection
        page = stack.request("GET", "/myapp/style.css")
        assert page.status == 200 and page.header("Content-Type").startswith("text/css")
    assert not forged_logins(stack)
    assert stack.is_well()


@pytest.mark.parametrize("path", TARGETS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_a_body_of_requests_gets_one_answer_on_its_connection(stack, path, kind):
    body = forged(stack, 30_000)
    with stack.fastcgi() as connection:
        connection.send(fcgi.compose("POST", path, body, CONTENT_TYPE=kind))
        answer = connection.receive()
        assert answer.ended and answer.status < 500
        try:
            connection.send(fcgi.compose(path="/myapp/style.css", request_id=5))
        except (BrokenPipeError, ConnectionResetError):
            pass  # the worker chose not to keep the connection
        following = connection.receive()
        assert not following.output or b"text/css" in following.output
        connection.socket.settimeout(0.5)
        assert connection.receive_until_quiet() == b""
    assert not forged_logins(stack)
    assert stack.is_well()


@pytest.mark.parametrize("declared", [0, 8, 8192])
def test_a_body_past_its_declared_length_is_not_read_as_requests(stack, declared):
    assert b"forged" not in answered_past_its_length(stack, declared)
    assert not forged_logins(stack)
    assert stack.is_well()
