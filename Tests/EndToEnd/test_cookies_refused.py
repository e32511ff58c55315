"""Browsers that refuse cookies: the CSRF cookie that comes with the form is the test."""

import shutil

import pytest
from webdriver import Chromium

LOGIN = "/myapp/login/"
GOOD = {"username": "alice", "password": "x"}
NEEDED = "Cookies are needed"


def test_a_login_without_any_cookie_is_told_that_cookies_are_needed(stack, browser):
    token = browser.token()
    browser.cookies.clear()
    page = browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token})
    assert page.status == 403 and NEEDED in page.text and "How to allow them" in page.text
    assert 'href="/myapp/connection/"' in page.text
    assert page.cookie("sessionid") is None and stack.is_well()


def test_a_wrong_token_is_still_an_ordinary_refusal(browser, stack):
    browser.token()
    page = browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": stack.browser().token()})
    assert page.status == 403 and NEEDED not in page.text and "Request refused" in page.text


def test_another_cookie_shows_that_cookies_are_not_refused(browser):
    token = browser.token()
    browser.cookies = {"theme": "dark"}
    page = browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token})
    assert page.status == 403 and NEEDED not in page.text


def test_a_forged_form_from_another_site_gets_no_advice(browser):
    page = browser.post(LOGIN, GOOD, [("Origin", "https://evil.example")])
    assert page.status == 403 and NEEDED not in page.text


def test_no_row_is_written_for_a_visitor_without_cookies(stack, browser):
    (before,) = stack.sql("SELECT count(*) FROM django_session")
    token = browser.token()
    browser.cookies.clear()
    browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token})
    assert stack.sql("SELECT count(*) FROM django_session") == [before]


def test_it_is_told_too_where_the_secret_lies_in_the_session(stack):
    with stack.worker(CSRF_USE_SESSIONS="True") as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange("POST", LOGIN, b"username=alice&password=x")
        assert answer.status == 403 and NEEDED.encode() in answer.body


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="chromium-driver is not installed")
@pytest.mark.parametrize("javascript", [True, False], ids=["as it comes", "without JavaScript"])
def test_a_browser_with_cookies_blocked_sees_how_to_allow_them(stack, tmp_path, javascript):
    with Chromium(tmp_path, javascript=javascript, cookies=False) as chromium:
        chromium.open(f"http://127.0.0.1:{stack.port}/myapp/connection/")
        chromium.find("input[name=username]").type("alice")
        chromium.find("input[name=password]").type("correct horse")
        chromium.find("form button").click()
        chromium.wait_for(NEEDED)
        assert "You are" not in chromium.text
        chromium.find("a[href='/myapp/connection/']").click()
        chromium.wait_for("Password")
