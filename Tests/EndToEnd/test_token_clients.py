"""Clients without a cookie jar: the session's key travels in the header X-Session-Token, where a setting allows it."""

from contextlib import contextmanager

import django_side
import pytest

LOGIN = "/myapp/login/"
FORM = "/myapp/connection/"
ALICE = b"username=alice&password=x"


@contextmanager
def site(stack, **settings):
    settings = {"SESSION_TOKEN_HEADER": "True"} | settings
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        yield lambda *arguments, **named: connection.exchange(*arguments, **named)


def header(answer, name):
    """The value of a header, None where it is not there."""
    return next((value.strip() for key, value in answer.headers if key.rstrip(":").lower() == name.lower()), None)


def log_in(send, token="new", **named):
    answer = send("POST", LOGIN, ALICE, HTTP_X_SESSION_TOKEN=token, **named)
    assert answer.status == 200 and b"<strong>alice</strong>" in answer.body, answer.output
    return answer


def test_a_client_logs_in_comes_back_and_logs_out_without_cookies(stack):
    with site(stack) as send:
        answer = log_in(send)
        token = header(answer, "X-Session-Token")
        assert token and header(answer, "Set-Cookie") is None
        assert "no-store" in header(answer, "Cache-Control") and "X-Session-Token" in header(answer, "Vary")
        assert django_side.decoded(token) == {"username": "alice"}
        page = send("GET", FORM, HTTP_X_SESSION_TOKEN=token)
        assert b"<strong>alice</strong>" in page.body and header(page, "Set-Cookie") is None
        out = send("POST", "/myapp/logout/", HTTP_X_SESSION_TOKEN=token)
        assert out.status == 200 and header(out, "X-Session-Token") == "" and stack.row(token) is None
        form = send("GET", FORM, HTTP_X_SESSION_TOKEN=token)
        assert b'type="password"' in form.body and header(form, "Set-Cookie") is None


def test_the_first_login_may_send_an_empty_header(stack):
    with site(stack) as send:
        assert header(log_in(send, token=""), "X-Session-Token")


def test_a_login_changes_the_token(stack):
    with site(stack) as send:
        first = header(log_in(send), "X-Session-Token")
        second = header(log_in(send, token=first), "X-Session-Token")
        assert second != first and stack.row(first) is None and stack.row(second)


def test_a_token_that_was_made_up_is_not_adopted(stack):
    made_up = "x" * 32
    with site(stack) as send:
        assert header(send("GET", FORM, HTTP_X_SESSION_TOKEN=made_up), "X-Session-Token") == ""
        assert header(log_in(send, token=made_up), "X-Session-Token") not in (made_up, "", None)
        assert stack.row(made_up) is None


@pytest.mark.parametrize("token", ["\0" * 32, "x" * 5000, "é" * 20, "';--", "a\tb" * 10])
def test_an_odd_token_is_an_unknown_one(stack, token):
    with site(stack) as send:
        answer = send("GET", FORM, HTTP_X_SESSION_TOKEN=token)
        # What no web server passes on is refused before it is looked at.
        assert answer.status == (400 if "\0" in token else 200)


def test_the_header_counts_where_a_cookie_comes_too(stack):
    bob = django_side.create({"username": "bob"})
    cookie = {"HTTP_COOKIE": f"sessionid={bob}"}
    with site(stack) as send:
        assert b"<strong>bob</strong>" in send("GET", FORM, **cookie).body
        assert b'type="password"' in send("GET", FORM, HTTP_X_SESSION_TOKEN="", **cookie).body
        answer = log_in(send, **cookie)
        assert header(answer, "X-Session-Token") != bob and header(answer, "Set-Cookie") is None
        assert django_side.decoded(bob) == {"username": "bob"}


def test_without_the_header_the_csrf_check_stands(stack):
    with site(stack) as send:
        refused = send("POST", LOGIN, ALICE)
        assert refused.status == 403 and header(refused, "X-Session-Token") is None
        assert send("POST", LOGIN, ALICE, HTTP_COOKIE="csrftoken=" + "a" * 32).status == 403


def test_the_header_means_nothing_unless_the_setting_allows_it(stack):
    with site(stack, SESSION_TOKEN_HEADER="False") as send:
        refused = send("POST", LOGIN, ALICE, HTTP_X_SESSION_TOKEN="new")
        assert refused.status == 403 and header(refused, "X-Session-Token") is None


def test_a_page_of_another_site_may_not_ask_for_it(stack):
    """The browser's question before it sends such a header gets no leave, so it never sends it."""
    with site(stack) as send:
        asked = send(
            "OPTIONS", LOGIN, HTTP_ORIGIN="https://evil.example", HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
            HTTP_ACCESS_CONTROL_REQUEST_HEADERS="x-session-token",
        )
        assert not any(name.lower().startswith("access-control") for name, _ in asked.headers)


def test_it_goes_through_nginx_both_ways(stack):
    stack.stop_workers()
    stack.start_workers(2, SESSION_TOKEN_HEADER="True")
    try:
        form_type = ("Content-Type", "application/x-www-form-urlencoded")
        for first in ("", "new"):
            answer = stack.request("POST", LOGIN, [form_type, ("X-Session-Token", first)], ALICE)
            assert answer.shows("alice") and not answer.every("Set-Cookie")
            token = answer.header("X-Session-Token")
            assert stack.request("GET", FORM, [("X-Session-Token", token)]).shows("alice")
            out = stack.request("GET", "/myapp/logout/", [("X-Session-Token", token)])
            assert out.every("X-Session-Token") == [""]
        assert stack.browser().login("bob").shows("bob")
    finally:
        stack.stop_workers()
        stack.start_workers(stack.worker_count)
    assert stack.is_well()
