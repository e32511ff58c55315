"""A row that is corrupt is an empty session, as in Django; and it harms none of the rows read beside it."""

import base64
import zlib

import django_side
import pytest

FORM = "/myapp/connection/"


def store(stack, session_data):
    key = django_side.create({"username": "victim"})
    stack.sql("UPDATE django_session SET session_data = %s WHERE session_key = %s", [session_data, key])
    return key


def unsigned(text):
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


CORRUPT = {
    "empty": "",
    "no colon": "e30",
    "colons": ":::::",
    "not base64": "!!!:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8",
    "another key's signature": "e30:1r31eq:V0zhXyqaeSiXnlEQJVh5I3Tjp7U3uQESH5gHoaFBmW8",
    "no signature": unsigned(b'{"username":"victim"}') + ":1r31eq:",
    "plain JSON": '{"username":"victim"}',
    "non-ASCII": "é" * 500,
    "a megabyte of nothing": "a" * 1_000_000,
}

# Payloads of bytes are signed as they are: JSON that another writer might have made.
SIGNED = {
    "a list": [1, 2],
    "a number": 5,
    "null": None,
    "a string": "username",
    "an empty payload": b"",
    "broken JSON": b'{"username":"victim"',
    "a trailing comma": b'{"username":"victim",}',
    "two thousand levels": b'{"username":"victim","x":' + b"[" * 2000 + b"]" * 2000 + b"}",
    "a hundred thousand levels": b"[" * 100_000,
    "a number of 5,000 digits": b'{"username":"victim","x":' + b"1" * 5000 + b"}",
    "a raw line break in a string": b'{"username":"vic\ntim"}',
}


@pytest.mark.parametrize("session_data", CORRUPT.values(), ids=CORRUPT.keys())
def test_a_corrupt_row_is_an_empty_session(stack, session_data):
    key = store(stack, session_data)
    assert stack.browser(sessionid=key).get(FORM).is_form
    assert stack.is_well()


@pytest.mark.parametrize("payload", SIGNED.values(), ids=SIGNED.keys())
def test_a_signed_row_that_is_no_dictionary_is_an_empty_session(stack, payload):
    key = store(stack, django_side.signed(payload))
    assert stack.browser(sessionid=key).get(FORM).is_form
    assert stack.is_well()


def test_a_zip_bomb_is_not_blown_up(stack):
    payload = zlib.compress(b'{"username":"' + b"x" * 200_000_000 + b'"}', 1)
    bomb = "." + unsigned(payload)
    from django.core.signing import TimestampSigner

    key = store(stack, TimestampSigner(salt="django.contrib.sessions.SessionStore").sign(bomb))
    assert stack.browser(sessionid=key).get(FORM, timeout=10).is_form
    assert stack.is_well()


def test_a_large_session_is_read_as_any_other(stack):
    key = django_side.create({"basket": [str(number) for number in range(200_000)], "username": "heavy"})
    assert stack.browser(sessionid=key).get(FORM).shows("heavy")


def test_a_login_over_a_corrupt_row_gives_a_good_one(stack):
    browser = stack.browser(sessionid=store(stack, "corrupt"))
    browser.login("alice")
    assert django_side.decoded(browser.session_key) == {"username": "alice"}


@pytest.mark.parametrize("username", ["", None, True, 7, 1.5, ["a"], {"a": "b"}])
def test_an_odd_username_breaks_nothing(stack, username):
    page = stack.browser(sessionid=django_side.create({"username": username})).get(FORM)
    assert page.status == 200
    assert stack.is_well()


def test_the_log_names_a_forged_row_but_neither_key_nor_data(stack):
    key = store(stack, CORRUPT["another key's signature"])
    stack.browser(sessionid=key).get(FORM)
    assert key not in stack.log("worker.log")
