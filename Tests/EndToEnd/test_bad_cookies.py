"""A session cookie is a client's word: none of these may be adopted, break a page, or disturb the next request."""

from datetime import UTC, datetime, timedelta

import django_side
import pytest

FORM = "/myapp/connection/"

ODD_KEYS = {
    "empty": b"",
    "short": b"abc",
    "seven characters": b"abcdefg",
    "unknown": b"abcdefghijklmnopqrstuvwxyz012345",
    "41 characters": b"a" * 41,
    "5,000 characters": b"a" * 5000,
    "Latin-1": b"abcdefg\xe9\xe8\xff",
    "UTF-8": "schlüsselschlüssel".encode(),
    "quoted NUL": b'"abcdefgh\\000zz"',
    "quoted line break": b'"abcdefgh\\015\\012zz"',
    "array literal": b"aaaaaaaa,{",
    "SQL": b"x' OR '1'='1",
    "backslashes": b"\\\\\\\\\\\\\\\\'\"",
    "path": b"../../../../etc/passwd",
    "percent": b"%00%0d%0aabcdefgh",
}


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS.keys())
def test_an_odd_key_is_no_session(stack, key):
    page = stack.request("GET", FORM, [("Cookie", b"sessionid=" + key)])
    assert page.is_form
    assert "Max-Age=0" in (page.cookie("sessionid") or "Max-Age=0")
    assert stack.is_well()


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS.keys())
def test_an_odd_key_is_never_adopted_by_a_login(stack, browser, key):
    token = browser.token()
    cookie = b"csrftoken=" + browser.cookies["csrftoken"].encode() + b"; sessionid=" + key
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    body = f"csrfmiddlewaretoken={token}&username=alice&password=x".encode()
    page = stack.request("POST", "/myapp/login/", [kind, ("Cookie", cookie)], body)
    assert page.shows("alice")
    new = page.cookie("sessionid").split(";")[0].removeprefix("sessionid=")
    assert len(new) == 32 and new.encode() != key
    assert django_side.decoded(new) == {"username": "alice"}
    assert stack.is_well()


@pytest.mark.parametrize("key", ["", "abc"])
def test_a_key_that_cannot_be_one_is_deleted(stack, key):
    text = stack.request("GET", FORM, [("Cookie", f"sessionid={key}")]).cookie("sessionid")
    assert text == 'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax'


def test_a_raw_nul_is_refused(stack):
    assert stack.request("GET", FORM, [("Cookie", b"sessionid=abcdefgh\0zz")]).status == 400
    assert stack.is_well()


def test_an_expired_session_is_none(stack):
    key = django_side.create({"username": "old"})
    past = datetime.now(UTC) - timedelta(seconds=1)
    stack.sql("UPDATE django_session SET expire_date = %s WHERE session_key = %s", [past, key])
    assert stack.browser(sessionid=key).get(FORM).is_form


def test_of_two_session_cookies_the_last_counts(stack):
    first, last = (django_side.create({"username": name}) for name in ("first", "last"))
    page = stack.request("GET", FORM, [("Cookie", f"sessionid={first}; sessionid={last}")])
    assert page.shows("last")


def test_two_cookie_headers_are_one(stack):
    first, last = (django_side.create({"username": name}) for name in ("first", "last"))
    page = stack.request("GET", FORM, [("Cookie", f"a=b; sessionid={first}"), ("Cookie", f"sessionid={last}; c=d")])
    assert page.shows("last")


def test_a_key_counts_in_a_cookie_only(stack):
    key = django_side.create({"username": "alice"})
    assert stack.request("GET", f"{FORM}?sessionid={key}").is_form
    for name in ("SESSIONID", "sessionid[]", "__Host-sessionid", "session%69d"):
        assert stack.request("GET", FORM, [("Cookie", f"{name}={key}")]).is_form
    assert stack.request("GET", FORM, [("Cookie", f"  sessionid = {key} ;")]).shows("alice")


def test_a_thousand_cookies_are_read_in_time(stack):
    key = django_side.create({"username": "alice"})
    filler = [("Cookie", "; ".join(f"c{line}x{number}=;=;\"" for number in range(400))) for line in range(3)]
    page = stack.request("GET", FORM, [*filler, ("Cookie", f"sessionid={key}")], timeout=3)
    assert page.status in (200, 400) and (page.status == 400 or page.shows("alice"))
    assert stack.is_well()
