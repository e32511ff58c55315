"""Acceptance 1: form, login, connection, logout, form; one session, read by both sides."""

import re
import subprocess
import time
from email.utils import parsedate_to_datetime

import django_side
import pytest

FORM, LOGIN, LOGOUT = "/myapp/connection/", "/myapp/login/", "/myapp/logout/"


def test_form_then_login_then_connection_then_logout_then_form(stack, browser):
    assert browser.get(FORM).is_form
    assert browser.login("alice").shows("alice")
    assert browser.get(FORM).shows("alice")
    farewell = browser.get(LOGOUT)
    assert farewell.status == 200 and "You are logged out." in farewell.text
    assert browser.get(FORM).is_form


def test_the_same_with_curl_and_its_cookie_jar(stack, tmp_path):
    def curl(*words):
        jar = tmp_path / "jar"
        command = ["curl", "-sS", "-c", jar, "-b", jar, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    base = f"http://127.0.0.1:{stack.port}/myapp"
    form = curl(f"{base}/connection/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w{64})"', form)[1]
    fields = f"csrfmiddlewaretoken={token}&username=curly&password=x"
    assert "You are : <strong>curly</strong>" in curl(f"{base}/login/", "--data", fields)
    assert "You are : <strong>curly</strong>" in curl(f"{base}/connection/")
    assert "You are logged out." in curl(f"{base}/logout/")
    assert 'type="password"' in curl(f"{base}/connection/")


def test_the_session_cookie_is_the_text_that_django_writes(browser):
    text = browser.login("alice").cookie("sessionid")
    found = re.fullmatch(
        r"sessionid=[a-z0-9]{32}; expires=(\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT); "
        r"HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax",
        text,
    )
    assert found, text
    assert abs(parsedate_to_datetime(found[1]).timestamp() - time.time() - 1209600) < 30


def test_the_csrf_cookie_is_the_text_that_django_writes(browser):
    text = browser.get(FORM).cookie("csrftoken")
    assert re.fullmatch(
        r"csrftoken=[A-Za-z0-9]{32}; expires=\w{3}, [^;]* GMT; Max-Age=31449600; Path=/; SameSite=Lax", text
    ), text


def test_logout_removes_the_row_and_expires_the_cookie(stack, browser):
    browser.login("alice")
    old = browser.session_key
    assert stack.row(old)
    text = browser.get(LOGOUT).cookie("sessionid")
    assert text == 'sessionid=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax'
    assert stack.row(old) is None
    assert stack.browser(sessionid=old).get(FORM).is_form


def test_logout_without_a_session_makes_none(stack, browser):
    before = stack.sql("SELECT count(*) FROM django_session")
    page = browser.get(LOGOUT)
    assert page.status == 200 and page.cookie("sessionid") is None
    assert stack.sql("SELECT count(*) FROM django_session") == before


@pytest.mark.parametrize("username", ["alice", "Zoë Ümlaut", "名前", "a\u0301", "\U0001f600", "x" * 100, "😀" * 100])
def test_django_decodes_what_a_login_here_wrote(browser, username):
    browser.login(username)
    assert django_side.decoded(browser.session_key) == {"username": username}


@pytest.mark.parametrize("username", ["bob", "Zoë", "\U0001f600", "x" * 5000])
def test_a_session_that_django_made_shows_its_username(stack, username):
    key = django_side.create({"basket": [1, 2.5, None], "username": username})
    assert stack.browser(sessionid=key).get(FORM).shows(username)


def test_a_row_lives_as_long_as_its_cookie(stack, browser):
    browser.login("alice")
    expire_date = stack.row(browser.session_key)[1]
    assert abs(expire_date.timestamp() - time.time() - 1209600) < 30


def test_a_login_takes_a_new_key_and_ends_the_old_session(stack, browser):
    browser.login("alice")
    first = browser.session_key
    browser.login("mallory")
    assert browser.session_key != first
    assert stack.row(first) is None
    assert django_side.decoded(browser.session_key)["username"] == "mallory"


def test_a_login_keeps_what_django_had_put_into_the_session(stack):
    key = django_side.create({"basket": ["bread"], "number": 1.50})
    browser = stack.browser(sessionid=key)
    browser.login("alice")
    assert django_side.decoded(browser.session_key) == {"basket": ["bread"], "number": 1.50, "username": "alice"}


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "", "password": "x"},
        {"username": "   ", "password": "x"},
        {"username": "x" * 101, "password": "x"},
        {"username": "alice", "password": ""},
        {"username": "alice"},
        {"password": "x"},
        {"username": "ali\0ce", "password": "x"},
        {},
    ],
    ids=["no name", "blank name", "101 characters", "empty password", "no password", "no name field", "NUL", "nothing"],
)
def test_an_invalid_form_logs_nobody_in(stack, browser, fields):
    before = stack.sql("SELECT count(*) FROM django_session")
    page = browser.post(LOGIN, {"csrfmiddlewaretoken": browser.token(), **fields})
    assert page.shows("not logged in") and "/myapp/connection/" in page.text
    assert browser.session_key is None
    assert stack.sql("SELECT count(*) FROM django_session") == before


def test_get_never_logs_in(stack, browser):
    browser.token()
    page = browser.get(f"{LOGIN}?username=alice&password=x")
    assert page.shows("not logged in") and browser.session_key is None


def test_session_keys_share_no_pattern(stack):
    keys = []
    for _ in range(12):
        browser = stack.browser()
        browser.login("alice")
        keys.append(browser.session_key)
    assert len(set(keys)) == 12
    assert all(re.fullmatch("[a-z0-9]{32}", key) for key in keys)
    assert all(len({key[place] for key in keys}) > 1 for place in range(32))


def test_a_visit_without_a_login_leaves_no_row(stack, browser):
    before = stack.sql("SELECT count(*) FROM django_session")
    for _ in range(5):
        stack.browser().get(FORM)
    assert stack.sql("SELECT count(*) FROM django_session") == before
