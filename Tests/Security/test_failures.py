"""When something fails: nobody is let in, nobody is told that he is logged out, and nothing of the inside is shown."""

import threading
import time
from contextlib import contextmanager

import psycopg
from client import FORM_TYPE
from load import load
from stack import wait_until
from website import FORM, INSIDE, LOGIN, LOGOUT, leaks_nothing

CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'sessiond' AND pid <> pg_backend_pid()"


def back(site):
    """All is well soon after. With another key: a logout that was answered by a 503 may have been done all the same."""
    key = site.session("alice")
    wait_until(lambda: site.browser(sessionid=key).get(FORM).shows("alice"), seconds=10, what="the way back")
    wait_until(lambda: site.let_in(site.post_login(site.browser(), "bob")), seconds=10, what="logins")


def fails_closed(site, key):
    """What must hold while sessions can be neither read nor written; all at once, since each waits for its deadline."""
    browser = site.browser(sessionid=key)
    token = browser.token()
    fields = {"csrfmiddlewaretoken": token} | site.fields("bob")
    pages = {}
    steps = {
        "read": lambda: site.browser(sessionid=key).get(FORM),
        "login": lambda: site.browser(csrftoken=browser.cookies["csrftoken"]).post(LOGIN, fields),
        "login over a session": lambda: site.browser(**browser.cookies).post(LOGIN, fields),
        "logout": lambda: site.browser(**browser.cookies).post(LOGOUT, {"csrfmiddlewaretoken": token}),
    }
    threads = [
        threading.Thread(target=lambda name=name, step=step: pages.update({name: step()})) for name,
        step in steps.items()
    ]
    for thread in threads:
        thread.start()
    assert site.request("GET", FORM, timeout=2).is_form
    for thread in threads:
        thread.join(30)
    assert pages.keys() == steps.keys()
    for name, page in pages.items():
        assert page.status in (500, 503), (name, page.status)
        assert page.cookie("sessionid") is None and "You are" not in page.text and leaks_nothing(page), name
        assert page.status != 503 or page.header("Retry-After")
    return pages


def test_database_away_fails_closed(site, stack):
    key = site.session("alice")
    stack.stop_postgres()
    try:
        assert {page.status for page in fails_closed(site, key).values()} == {503}
    finally:
        stack.start_postgres()
    back(site)


def test_locked_table_fails_closed(site, stack):
    key = site.session("alice")
    with psycopg.connect(stack.database_url()) as locker:
        locker.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        fails_closed(site, key)
        locker.rollback()
    back(site)


def test_missing_table_fails_closed(site, stack):
    key = site.session("alice")
    stack.sql("ALTER TABLE django_session RENAME TO away")
    try:
        fails_closed(site, key)
    finally:
        stack.sql("ALTER TABLE away RENAME TO django_session")
    back(site)


def test_no_connections_allowed(site, stack):
    """At the limit of the server's connections the answer is a 503 in time, and all is well soon after."""
    key = site.session("alice")
    stack.sql("ALTER DATABASE sessiond WITH ALLOW_CONNECTIONS false", database="postgres")
    try:
        stack.sql(CUT, database="postgres")
        start = time.monotonic()
        assert {page.status for page in fails_closed(site, key).values()} == {503}
        assert time.monotonic() - start < 12
    finally:
        stack.sql("ALTER DATABASE sessiond WITH ALLOW_CONNECTIONS true", database="postgres")
    back(site)


@contextmanager
def isolation(stack, level):
    try:
        stack.sql(f"ALTER DATABASE sessiond SET default_transaction_isolation = '{level}'", database="postgres")
        stack.sql(CUT, database="postgres")
        yield
    finally:
        stack.sql("ALTER DATABASE sessiond RESET default_transaction_isolation", database="postgres")
        stack.sql(CUT, database="postgres")


def test_serializable_isolation_races(site, stack):
    """Where transactions may fail for each other's sake, an answer is right or a 503, never somebody else's."""
    keys = {name: site.session(name) for name in ("alice", "bob")}

    def read(name):
        page = site.browser(sessionid=keys[name]).get(FORM)
        assert page.status == 503 or page.shows(name)
        return page.status

    def journey():
        browser = site.browser()
        page = site.post_login(browser, "alice")
        assert page.status == 503 or site.let_in(page)
        if page.status != 503:
            assert browser.get(FORM).status in (200, 503)
            browser.post(LOGOUT, {"csrfmiddlewaretoken": browser.token()})
        return 503 if page.status == 503 else 200

    with isolation(stack, "serializable"):
        back(site)
        with load(lambda: read("alice"), lambda: read("bob"), journey, threads=3) as loads:
            wait_until(lambda: loads[0].count(200) >= 100 and loads[2].count(200) >= 40, what="answers", seconds=40)
    for one in loads:
        assert not one.failures, one.failures[:3]
    back(site)


def test_error_pages_leak_nothing(site, stack, browser):
    """One page of each status that the site has, none of which tells of versions, files, SQL or secrets."""
    site.login(browser)
    token = ("X-CSRFToken", browser.token())
    pages = {
        "400 host": site.request("GET", FORM, [("Host", "evil.example")]),
        "400 cookie": site.request("GET", FORM, [("Cookie", b"a=\0")]),
        "400 multipart": browser.send("POST", LOGIN, [("Content-Type", "multipart/form-data"), token], b"x"),
        "400 line": site.request("GET", "x", []),
        "403": site.request("POST", LOGIN, [], b""),
        "404": site.request("GET", "/nothing.php?x=" + "y" * 500),
        "405": site.request("TRACE", FORM),
        "405 of the view": browser.send("DELETE", FORM, [token]),
        "413": browser.send("POST", LOGIN, [("Content-Type", FORM_TYPE), token], b"x" * 2_800_000),
        "413 of nginx": site.request("POST", LOGIN, [], b"x" * 4_000_000),
        "414": site.request("GET", "/" + "x" * 20_000),
        "header": site.request("GET", FORM, [("X", "x" * 20_000)]),
    }
    for name, page in pages.items():
        assert page.status == int(name[:3]) if name[0] == "4" else page.status >= 400, (name, page.status)
        assert leaks_nothing(page) and page.header("Server") in ("", "nginx") and not page.header("X-Powered-By"), name
        assert browser.session_key not in page.text
    assert pages["404"].header("Content-Type") == "text/html; charset=utf-8"
    with stack.fastcgi() as connection:
        answer = connection.exchange(HTTP_X="x" * 200_000)
        assert answer.status == 431 and not answer.errors and not INSIDE.search(answer.output.decode())


def test_workers_away_is_a_page(demonstration, stack):
    """The last resort, when no worker lives: nginx's own page, which says what to do and nothing of the inside."""
    stack.stop_workers()
    stack.listener.close()
    try:
        page = stack.request("GET", FORM, [("Cookie", "sessionid=abcdefghijklmnopqrstuvwxyz012345")])
    finally:
        (stack.run / "worker.sock").unlink()
        stack.listener = None
        stack.start_workers(stack.worker_count)
    assert page.status == 502 and page.header("Retry-After") and leaks_nothing(page)
    assert "no-store" in page.header("Cache-Control") and not page.every("Set-Cookie")
    wait_until(lambda: stack.request("GET", FORM).is_form, what="the workers")
