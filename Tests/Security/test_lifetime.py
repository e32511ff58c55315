"""Sessions end: by time, by logout, by an operator's hand, and nothing brings them back."""

import re
import threading
import time
from datetime import UTC, datetime, timedelta

import django_side
import psycopg
from stack import wait_until
from website import FORM, LOGOUT

TWO_WEEKS = 14 * 24 * 3600


def test_expired_row_is_anonymous(site, stack):
    key = site.session("alice")
    assert site.who(site.browser(sessionid=key)) == "alice"
    for ago in (timedelta(seconds=1), timedelta(days=4000)):
        stack.sql("UPDATE django_session SET expire_date = %s WHERE session_key = %s", [datetime.now(UTC) - ago, key])
        assert site.who(site.browser(sessionid=key)) is None


def test_one_row_per_login(site, stack, browser, rows):
    before = rows()
    site.login(browser)
    assert rows() == before + 1
    left = stack.row(browser.session_key)[1].timestamp() - time.time()
    assert TWO_WEEKS - 60 < left <= TWO_WEEKS + 1


def test_reads_do_not_write(site, stack, browser):
    site.login(browser)
    version = "SELECT xmin::text, ctid::text, expire_date FROM django_session WHERE session_key = %s"
    before = stack.sql(version, [browser.session_key])
    for _ in range(10):
        page = browser.get(FORM)
        assert page.status == 200 and page.cookie("sessionid") is None
    assert stack.sql(version, [browser.session_key]) == before


def test_logout_ends_session_server_side(site, stack, browser):
    site.login(browser)
    old = browser.session_key
    page = site.logout(browser)
    assert "Max-Age=0" in page.cookie("sessionid") and stack.row(old) is None
    replay = site.browser(sessionid=old)
    assert site.who(replay) is None
    site.login(replay, "bob")
    assert stack.row(old) is None and site.who(site.browser(sessionid=old)) is None


def test_no_resurrection_after_logout_race(site, stack):
    """Reads, another login and the logout of one session at once: afterwards its key is dead, each time."""
    for _ in range(10):
        browser = site.browser()
        site.login(browser)
        old = browser.session_key
        copies = [site.browser(**browser.cookies) for _ in range(6)]
        steps = [site.logout, *[lambda copy: copy.get(FORM)] * 3]
        # A login over a session that ends meanwhile may be refused, but not bring it back.
        steps += [lambda copy: site.post_login(copy, "alice"), lambda copy: site.post_login(copy, "bob")]
        racers = [threading.Thread(target=step, args=(copy,)) for step, copy in zip(steps, copies, strict=True)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join(30)
        assert stack.row(old) is None and site.who(site.browser(sessionid=old)) is None


def test_slow_save_after_logout_is_refused(demonstration, stack):
    """A request that has read a session and is about to save it when the session is deleted: 400, and no row."""
    key = demonstration.session("alice")
    answers = []
    with stack.worker(SESSION_SAVE_EVERY_REQUEST="True") as (_,
                                                             address), psycopg.connect(stack.database_url()) as locker:
        locker.execute("SELECT 1 FROM django_session WHERE session_key = %s FOR UPDATE", [key])

        def read():
            with stack.fastcgi(address) as connection:
                answers.append(connection.exchange(HTTP_COOKIE=f"sessionid={key}"))

        reader = threading.Thread(target=read)
        reader.start()
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%django_session%%'"
        wait_until(lambda: stack.sql(waits), seconds=4, what="the save that waits for the lock")
        locker.execute("DELETE FROM django_session WHERE session_key = %s", [key])
        locker.commit()
        reader.join(20)
    assert answers[0].status == 400 and stack.row(key) is None


def test_truncated_table_ends_all_sessions(site, stack):
    """An operator ends everybody's sessions, and each takes the next page as a stranger."""
    browsers = [site.browser() for _ in range(3)]
    for browser in browsers:
        site.login(browser)
    stack.sql("TRUNCATE django_session")
    for browser in browsers:
        assert site.who(browser) is None
    site.login(browsers[0])
    assert site.who(browsers[0]) == "alice"


def test_logout_is_visible(site, browser):
    site.login(browser)
    page = browser.get(FORM)
    assert re.search(rf'<(a|form)\b[^>]*(href|action)="{LOGOUT}"', page.text) and re.search("log ?out|sign ?out",
                                                                                            page.text, re.I)


def test_session_cookie_lifetime(site, browser, stack):
    """14 days as Django's, and until the browser ends where that is set."""
    assert "Max-Age=1209600;" in site.login(browser).cookie("sessionid")
    secret = "b" * 32
    body = f"csrfmiddlewaretoken={secret}&username=alice&password=x".encode()
    settings = {"AUTHENTICATION": "any", "SESSION_EXPIRE_AT_BROWSER_CLOSE": "True"}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange("POST", "/myapp/login/", body, HTTP_COOKIE=f"csrftoken={secret}")
    cookie = next(value for name, value in answer.headers if value.startswith("sessionid="))
    assert "Max-Age" not in cookie and "expires" not in cookie.lower()


def test_we_can_read_django_rows(site):
    for name in ("alice", "bob"):
        assert site.who(site.browser(sessionid=site.session(name, basket=[1, 2.5, None]))) == name


def test_concurrent_logins(site, stack):
    """Thirty at once: each gets a session of its own, and its own name in it."""
    results = {}

    def login(number):
        browser = site.browser()
        site.login(browser, ("alice", "bob")[number % 2])
        results[number] = browser.session_key, site.who(browser)

    threads = [threading.Thread(target=login, args=(number,)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len({key for key, _ in results.values()}) == 30
    for number, (key, name) in results.items():
        assert name == ("alice", "bob")[number % 2] and django_side.decoded(key)["username"] == name
