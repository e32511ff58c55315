"""Users see their sessions, Django's own included, and end them: by the page, by JSON and by the command."""

import json
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass

import django_side
import pytest
from client import TOKEN, Browser
from stack import Stack, wait_until
from webdriver import Chromium

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
          "Version/17.5 Mobile/15E148 Safari/604.1")
FORM, PAGE, DATA = "/myapp/connection/", "/myapp/sessions/", "/myapp/sessions.json"


@dataclass
class Visitor(Browser):
    """A browser that says what it is."""

    user_agent: str = FIREFOX

    def send(self, method, path, headers=(), *rest, **more):
        return super().send(method, path, [("User-Agent", self.user_agent), *headers], *rest, **more)


@contextmanager
def accounts(program, session_list=True):
    """Workers that know Django's users, on the tables of a real Django."""
    stack = Stack(program, AUTHENTICATION="django")
    before = None
    try:
        stack.start_postgres()
        before = django_side.use(stack)
        django_side.migrate()
        done = stack.sessiond("migrate", *(["--session-list"] if session_list else []))
        assert done.returncode == 0, done.stderr
        stack.start_workers(2)
        stack.start_nginx()
        wait_until(lambda: stack.request("GET", FORM).status == 200, what="the first page")
        for name in ("alice", "bob"):
            django_side.create_user(name)
        yield stack
    finally:
        if before:
            django_side.move(before)
        stack.stop()


@pytest.fixture(scope="module")
def site(program):
    with accounts(program) as stack:
        yield stack


@pytest.fixture(autouse=True)
def fresh(request):
    if "site" in request.fixturenames:
        request.getfixturevalue("site").sql("DELETE FROM django_session")


def at_django(stack, name, user_agent=FIREFOX):
    """A browser that has logged in at a Django, and has not been here yet."""
    return Visitor(stack.port, {"sessionid": django_side.login(name)}, user_agent)


def visit(stack, name, user_agent=FIREFOX):
    """The same after a visit here."""
    browser = at_django(stack, name, user_agent)
    assert browser.get(FORM).shows(name)
    return browser


def listed(browser):
    response = browser.get(DATA)
    assert response.status == 200, response.text
    return json.loads(response.text)["sessions"]


def end(browser, target, path=PAGE):
    token = TOKEN.search(browser.get(PAGE).text).group(1)
    return browser.post(path, {"csrfmiddlewaretoken": token, "end": target})


def test_who_was_here_is_listed_with_address_and_device(site):
    browser = visit(site, "alice")
    session, = listed(browser)
    assert session["current"] is True
    assert (session["address"], session["device"]) == ("127.0.0.0/24", "Firefox on Linux")
    assert re.fullmatch(r"[0-9a-f]{32}", session["id"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", session["created"])
    page = browser.get(PAGE)
    assert page.status == 200 and "Firefox on Linux" in page.text and "this session" in page.text
    assert "no-store" in page.header("Cache-Control")
    # What was kept of the visit is no more than that.
    kept = str(site.sql("SELECT * FROM sessiond_session"))
    assert "127.0.0.1" not in kept and "Mozilla" not in kept and "128" not in kept


def test_a_login_at_a_worker_is_listed_at_once(site):
    browser = Visitor(site.port, user_agent=IPHONE)
    fields = {"csrfmiddlewaretoken": browser.token(), "username": "alice", "password": django_side.PASSWORD}
    assert browser.post("/myapp/login/", fields).status == 302
    wait_until(lambda: site.sql("SELECT count(*) FROM sessiond_session WHERE device IS NOT NULL") == [(1,)],
               what="the login's entry")
    session, = listed(browser)
    assert session["current"] and session["device"] == "Safari on iPhone" and session["address"] == "127.0.0.0/24"


def test_the_page_is_for_users(site):
    visitor = Visitor(site.port)
    response = visitor.get(PAGE + "?a=1&b=/")
    assert response.status == 302
    assert response.header("Location") == "/myapp/login/?next=/myapp/sessions/%3Fa%3D1%26b%3D/"
    response = visitor.get(DATA)
    assert response.status == 401 and json.loads(response.text) == {"detail": "not logged in"}
    assert response.header("Content-Type") == "application/json"


def test_sessions_that_django_made_are_listed_and_end_at_its_next_request(site):
    browser, other = visit(site, "alice"), at_django(site, "alice")
    assert django_side.user_of(other.session_key) == "alice"
    sessions = listed(browser)
    assert [session["current"] for session in sessions].count(True) == 1
    theirs, = [session for session in sessions if not session["current"]]
    assert theirs["address"] is None and theirs["device"] is None and theirs["created"]
    response = end(browser, theirs["id"])
    assert (response.status, response.header("Location")) == (302, PAGE)
    assert django_side.user_of(other.session_key) is None
    assert other.get(DATA).status == 401
    assert len(listed(browser)) == 1


def test_sessions_from_before_the_list_are_listed(program):
    with accounts(program, session_list=False) as stack:
        browser = visit(stack, "alice")
        for path in (PAGE, DATA):
            assert browser.get(path).status == 404
        assert "Your sessions" not in browser.get(FORM).text
        assert stack.sessiond("sessions", "--user", "alice").returncode == 1
        assert "session list" not in stack.sessiond("check").stdout
        assert stack.sessiond("migrate", "--session-list").returncode == 0
        assert "session list: ok" in stack.sessiond("check").stdout
        # The workers look for it now and then, and when they are asked.
        wait_until(lambda: browser.get(DATA).status == 200, what="the list")
        session, = wait_until(lambda: listed(browser), what="the session's entry")
        assert session["created"] is None and session["current"] is True
        assert "before this list was kept" in browser.get(PAGE).text
        stack.sql("DROP TABLE sessiond_session_change")
        assert visit(stack, "alice")
        broken = stack.sessiond("check")
        assert broken.returncode == 1 and "session list: parts of it are missing" in broken.stdout


def test_all_others_end_and_this_one_stays(site):
    browser, phone = visit(site, "alice"), visit(site, "alice", IPHONE)
    others = [phone, at_django(site, "alice"), visit(site, "alice")]
    bobs = [visit(site, "bob"), at_django(site, "bob")]
    assert "Safari on iPhone" in {session["device"] for session in listed(browser)}
    assert len(listed(browser)) == 4
    assert end(browser, "others").status == 302
    assert [session["current"] for session in listed(browser)] == [True]
    for other in others:
        assert other.get(DATA).status == 401
    for bob in bobs:
        assert bob.get(DATA).status == 200


def test_nobody_sees_or_ends_what_is_not_his(site):
    alice, bob = visit(site, "alice"), visit(site, "bob")
    mine, = listed(alice)
    theirs, = listed(bob)
    assert mine["id"] != theirs["id"]
    assert end(alice, theirs["id"]).status == 302
    assert end(alice, theirs["id"], DATA).status == 404
    for made_up in ("", "x", bob.session_key, alice.session_key, theirs["id"].upper(), "é\0"):
        assert end(alice, made_up, DATA).status == 404
    # Not even where the table is wrong: the sessions themselves say whose they are.
    site.sql("UPDATE sessiond_session SET user_id = (SELECT id FROM auth_user WHERE username = 'alice')")
    assert [session["id"] for session in listed(alice)] == [mine["id"]]
    end(alice, theirs["id"])
    end(alice, "others")
    assert bob.get(DATA).status == 200


def test_ending_takes_a_post_with_a_token(site):
    browser, other = visit(site, "alice"), visit(site, "alice")
    theirs = next(session["id"] for session in listed(browser) if not session["current"])
    assert browser.post(PAGE, {"end": theirs}).status == 403
    assert browser.post(DATA, {"end": "others"}).status == 403
    assert browser.get(f"{PAGE}?end={theirs}").status == 200
    assert browser.send("DELETE", PAGE).status in (403, 405)
    assert other.get(DATA).status == 200


def test_no_page_holds_a_session_key(site):
    browser, other = visit(site, "alice"), at_django(site, "alice")
    listed(browser)
    for path in (PAGE, DATA):
        text = browser.get(path).text
        assert browser.session_key not in text and other.session_key not in text


def test_who_ends_his_own_session_is_logged_out(site):
    browser = visit(site, "alice")
    session, = listed(browser)
    assert end(browser, session["id"]).status == 302
    assert browser.session_key is None
    assert browser.get(PAGE).status == 302


def test_a_request_under_way_does_not_bring_an_ended_session_back(site):
    browser, other = visit(site, "alice"), at_django(site, "alice")
    from django.contrib.sessions.backends.base import UpdateError

    session = django_side.request_of(other.session_key).session
    session["basket"] = 2
    end(browser, "others")
    with pytest.raises(UpdateError):
        session.save()
    assert site.row(other.session_key) is None
    assert len(listed(browser)) == 1


def test_a_changed_password_leaves_what_was_made_with_it(site):
    browser, old = visit(site, "alice"), at_django(site, "alice")
    assert len(listed(browser)) == 2
    django_side.create_user("alice")  # the same password, another hash
    browser = visit(site, "alice")
    assert len(listed(browser)) == 1
    assert site.row(old.session_key)
    end(browser, "others")
    assert not site.row(old.session_key)


def test_the_list_goes_on_while_the_cache_stands_before_the_table(program):
    with accounts(program) as stack, stack.redis() as (_, caches):
        stack.stop_workers()
        engine = {"SESSION_ENGINE": "django.contrib.sessions.backends.cached_db", "CACHES": json.dumps(caches)}
        stack.start_workers(2, **engine)
        wait_until(lambda: stack.request("GET", FORM).status == 200, what="a page")
        browser, other = visit(stack, "alice"), visit(stack, "alice")
        assert other.get(DATA).status == 200, "the session is cached"
        status = json.loads(other.get("/session/status").text)
        assert status["username"] == "alice" and (status["expires"], status["seconds_left"]) == (None, None)
        theirs = next(session["id"] for session in listed(browser) if not session["current"])
        end(browser, theirs)
        assert other.get(DATA).status == 401
        done = stack.sessiond("sessions", "--user", "alice", "--end-all", **engine)
        assert done.stdout == "1 session ended.\n", done.stderr
        assert browser.get(DATA).status == 401


def test_engines_without_a_table_have_no_list(program):
    engine = {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies"}
    with accounts(program) as stack:
        done = stack.sessiond("sessions", "--user", "alice", **engine)
        assert done.returncode == 1 and "can be listed" in done.stderr
        stack.stop_workers()
        stack.start_workers(1, **engine)
        wait_until(lambda: stack.request("GET", FORM).status == 200, what="a page")
        assert Visitor(stack.port).get(PAGE).status == 404


# -- The command


def command(stack, *arguments):
    return stack.sessiond("sessions", *arguments)


def test_the_command_shows_a_table(site):
    browser = visit(site, "alice")
    at_django(site, "alice")
    session = next(session for session in listed(browser) if session["current"])
    done = command(site, "--user", "alice")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert re.fullmatch(r"ID {32}SIGNED IN {13}LAST SEEN {13}NETWORK +DEVICE", lines[0])
    row = next(line for line in lines if line.startswith(session["id"]))
    assert re.search(r"20..-..-.. ..:.. UTC  20..-..-.. ..:.. UTC  127\.0\.0\.0/24  Firefox on Linux$", row)
    assert {line.index("UTC") for line in lines[1:]} == {lines[0].index("SIGNED IN") + 17}
    assert browser.session_key not in done.stdout
    shown = json.loads(command(site, "--user", "alice", "--json").stdout)["sessions"]
    assert session["id"] in {other["id"] for other in shown} and len(shown) == 2


def test_the_command_ends_sessions(site):
    browser, other, bob = visit(site, "alice"), at_django(site, "alice"), visit(site, "bob")
    session = next(session for session in listed(browser) if session["current"])
    assert command(site, "--user", "alice", "--end", session["id"]).stdout == "1 session ended.\n"
    assert browser.get(DATA).status == 401
    assert django_side.user_of(other.session_key) == "alice"
    again = command(site, "--user", "alice", "--end", session["id"])
    assert again.returncode == 1 and "--end: the user has no session with that ID" in again.stderr
    assert command(site, "--user", "bob", "--end", session["id"]).returncode == 1
    assert json.loads(command(site, "--user", "alice", "--end-all", "--json").stdout) == {"ended": 1}
    assert django_side.user_of(other.session_key) is None
    assert command(site, "--user", "alice").stdout == "No sessions.\n"
    assert bob.get(DATA).status == 200


def test_the_command_says_what_is_wrong(site):
    done = command(site, "--user", "nobody")
    assert done.returncode == 1 and "--user: there is no user of that name" in done.stderr
    assert command(site).returncode == 64
    assert command(site, "--user", "alice", "--end", "x", "--end-all").returncode == 64
    away = site.sessiond("sessions", "--user", "alice", DATABASE_URL="postgresql://nobody@/none?host=/nowhere")
    assert away.returncode == 1 and "DATABASE_URL: the database refused: " in away.stderr


# -- The workers and the queue


def test_the_workers_drain_the_queue_together_and_by_themselves(site):
    keys = [django_side.login("alice") for _ in range(300)]
    django_side.log_out(keys[0])
    wait_until(lambda: site.sql("SELECT count(*) FROM sessiond_session_change") == [(0,)], what="an empty queue")
    assert {key for key, in site.sql("SELECT session_key FROM sessiond_session")} == set(keys[1:])
    assert not site.dead_workers()


def test_clearsessions_takes_the_entries_along(site):
    visit(site, "alice")
    at_django(site, "alice")
    wait_until(lambda: site.sql("SELECT count(*) FROM sessiond_session") == [(2,)], what="the entries")
    site.sql("UPDATE django_session SET expire_date = now() - interval '1 day'")
    assert site.sessiond("clearsessions").returncode == 0
    wait_until(lambda: site.sql("SELECT count(*) FROM sessiond_session") == [(0,)], what="an empty list")


# -- The page in a real browser


def chromium_of(stack, directory, name, javascript=True):
    """A window whose visitor is logged in."""
    chromium = Chromium(directory, size=(900, 1100), javascript=javascript)
    chromium.open(f"http://127.0.0.1:{stack.port}{FORM}")
    chromium.command("POST", "/cookie", cookie={"name": "sessionid", "value": django_side.login(name), "path": "/"})
    chromium.open(f"http://127.0.0.1:{stack.port}{FORM}")
    chromium.wait_for(f"You are : {name}")
    return chromium


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="chromium-driver is not installed")
@pytest.mark.parametrize("javascript", [True, False], ids=["as it comes", "without JavaScript"])
def test_a_browser_ends_the_session_of_another(site, tmp_path, javascript):
    page = f"http://127.0.0.1:{site.port}{PAGE}"
    with chromium_of(site, tmp_path / "one", "alice", javascript) as one:
        with chromium_of(site, tmp_path / "two", "alice", javascript) as two:
            one.find(f"a[href='{PAGE}']").click()
            one.wait_for("Your sessions")
            assert one.text.count("Chrome on Linux") == 2 and one.text.count("this session") == 1
            picture = os.environ.get("SESSIOND_SCREENSHOT_SESSIONS")
            one.screenshot(picture if picture and javascript else tmp_path / "sessions.png")
            # The button says for a reader of the screen which session it ends.
            described = [f"button[name=end][aria-describedby=session-{number}]" for number in (1, 2)]
            one.find(", ".join(described)).click()
            one.wait_for("Your sessions", without="End session")
            assert one.url == page and one.text.count("Chrome on Linux") == 1
            two.open(page)
            two.wait_for("assword")
            assert two.url.endswith(f"/myapp/login/?next={PAGE}")
            one.open(page)
            one.wait_for("this session")
