"""The session key: made by the server alone, of good randomness, new at each login, and taken from the cookie alone."""

import re
import time

import django_side
import pytest
from client import FORM_TYPE
from website import FORM, LOGIN, LOGOUT, key_of

UNKNOWN = "abcdefghijklmnopqrstuvwxyz012345"

ODD = {
    "empty": b"",
    "7 characters": b"abcdefg",
    "8 characters": b"abcdefgh",
    "41 characters": b"a" * 41,
    "5,000 characters": b"a" * 5000,
    "capitals": UNKNOWN.upper().encode(),
    "Latin-1": b"abcdefg\xe9\xe8\xff",
    "overlong UTF-8": b"abcdefgh\xc0\xaf\xed\xa0\x80",
    "quoted NUL": b'"abcdefgh\\000zz"',
    "quoted line break": b'"abcdefgh\\015\\012Set-Cookie: stolen=1"',
    "array": b"aaaaaaaa,{",
    "array end": b'aaaaaaaa"}',
    "a format": b"%s%n%x%d%s%n%x%d",
    "path": b"../../../../etc/passwd",
    "percent": b"%00%0d%0aabcdefgh",
    "markup": b"<script>alert(1)</script>",
}


@pytest.mark.parametrize("key", ODD.values(), ids=ODD.keys())
def test_malformed_keys(site, key):
    page = site.request("GET", FORM, [("Cookie", b"sessionid=" + key)])
    assert page.is_form and page.cookie("stolen") is None
    assert page.cookie("sessionid") is None or "Max-Age=0" in page.cookie("sessionid")


@pytest.mark.parametrize("key", [UNKNOWN.encode(), b"abcdefgh", *list(ODD.values())[3:8]])
def test_unknown_key_never_adopted(site, stack, key):
    """Neither reading, nor a login, nor a logout puts a client's word into the table."""
    cookie = b"sessionid=" + key
    assert site.request("GET", FORM, [("Cookie", cookie)]).is_form
    page = site.raw_login("alice", cookie)
    assert site.let_in(page) and key_of(page).encode() != key and re.fullmatch("[a-z0-9]{32}", key_of(page))
    site.request("GET", LOGOUT, [("Cookie", cookie)])
    assert site.request("GET", FORM, [("Cookie", cookie)]).is_form
    if key.isascii():
        assert stack.row(key.decode()) is None


def test_session_key_shape_and_entropy(site):
    """32 of 36 characters, 165 bits: all different, no place constant, and all characters about as frequent."""
    keys = []
    for _ in range(40):
        browser = site.browser()
        site.login(browser)
        keys.append(browser.session_key)
    assert len(set(keys)) == len(keys) and all(re.fullmatch("[a-z0-9]{32}", key) for key in keys)
    assert all(len({key[place] for key in keys}) > 8 for place in range(32))
    counts = [sum(key.count(character) for key in keys) for character in "abcdefghijklmnopqrstuvwxyz0123456789"]
    expected = sum(counts) / 36
    # Chi-squared with 35 degrees of freedom: above 90 once in a million runs.
    assert sum((count - expected) ** 2 / expected for count in counts) < 90


def test_login_rotates_anonymous_key(site, stack):
    """Session fixation: a key that the attacker has from the server, data and all, is dead after the victim's login."""
    planted = django_side.create({"basket": ["bread"]})
    victim, attacker = site.browser(sessionid=planted), site.browser(sessionid=planted)
    site.login(victim)
    assert victim.session_key != planted and stack.row(planted) is None
    assert site.who(victim) == "alice" and site.who(attacker) is None
    assert django_side.decoded(victim.session_key)["basket"] == ["bread"]


def test_relogin_rotates_and_ends_old_session(site, stack, browser):
    site.login(browser)
    old = browser.session_key
    site.login(browser)
    assert browser.session_key != old and stack.row(old) is None
    assert site.who(site.browser(sessionid=old)) is None


def test_login_as_other_user_flushes(site, stack, browser):
    """Nothing of the first user's session is left to the second."""
    browser.cookies["sessionid"] = old = site.session("alice", basket=["of alice"])
    assert site.who(browser) == "alice"
    site.login(browser, "bob")
    data = django_side.decoded(browser.session_key)
    assert browser.session_key != old and stack.row(old) is None and "basket" not in data
    assert site.who(browser) == "bob" and site.who(site.browser(sessionid=old)) is None


def test_key_in_url_or_body_ignored(site, browser):
    key = site.session("alice")
    try:
        for path in (f"{FORM}?sessionid={key}", f"{FORM}?session_key={key}&PHPSESSID={key}",
                     f"{FORM}?cookie=sessionid={key}"):
            assert site.request("GET", path).is_form
        assert site.request("GET", f"{FORM};sessionid={key}").status == 404
        headers = ["Authorization", "X-Session-Token", "X-Sessionid", "Sessionid", "Cookie2", "X-Cookie", "Set-Cookie"]
        for name in headers:
            assert site.request("GET", FORM, [(name, f"sessionid={key}")]).is_form, name
            assert site.request("GET", FORM, [(name, key)]).is_form, name
        page = site.request("GET", FORM, [("Content-Type", FORM_TYPE)], f"sessionid={key}".encode())
        assert page.is_form
        fields = {"csrfmiddlewaretoken": browser.token(), "sessionid": key}
        browser.post(LOGIN, fields)
        assert browser.session_key is None
    finally:
        site.stack.sql("DELETE FROM django_session WHERE session_key = %s", [key])


@pytest.mark.parametrize(
    "name",
    ["SESSIONID", "Sessionid", "sessionid[]", "__Host-sessionid", "__Secure-sessionid", "session%69d", "sessionid%00",
     "session.id", "session_id", "session id", " sessionid x", "..sessionid", "$sessionid", '"sessionid"',
     "s\u00e9ssionid"],
)
def test_cookie_names_are_not_decoded(site, name):
    key = site.session("alice")
    assert site.request("GET", FORM, [("Cookie", f"{name}={key}")]).is_form
    assert site.who(site.browser(sessionid=key)) == "alice"


def test_keys_not_of_server_form_in_table(site, stack):
    """What no server made as a key is none, whatever the table holds: Django asks for 8 characters, and so do we."""
    key = site.session("alice")
    try:
        for other in ("short12", "", " " * 7):
            stack.sql("UPDATE django_session SET session_key = %s WHERE session_key = %s", [other, key])
            key = other
            assert site.request("GET", FORM, [("Cookie", f"sessionid={other}")]).is_form
    finally:
        stack.sql("DELETE FROM django_session WHERE session_key = %s", [key])


def test_anonymous_get_creates_no_session(site, rows):
    before = rows()
    for path in (FORM, LOGIN, "/nothing", FORM):
        page = site.request("GET", path)
        assert page.cookie("sessionid") is None
    site.browser(sessionid=UNKNOWN).get(FORM)
    assert rows() == before


def test_anonymous_logout_creates_no_session(site, rows):
    before = rows()
    for cookies in ({}, {"sessionid": UNKNOWN}, {"sessionid": "short"}):
        browser = site.browser(**cookies)
        page = site.logout(browser)
        assert page.cookie("sessionid") is None or "Max-Age=0" in page.cookie("sessionid")
        assert browser.get(LOGOUT).status in (200, 302, 405)
    assert rows() == before


def test_random_key_lookup_cost(site, rows):
    """Two hundred guesses: no row, and none costs more than an answer does anyway."""
    before = rows()
    times = []
    for number in range(200):
        start = time.monotonic()
        assert site.request("GET", FORM, [("Cookie", f"sessionid={number:032d}")]).is_form
        times.append(time.monotonic() - start)
    assert rows() == before and sorted(times)[100] < 0.1
