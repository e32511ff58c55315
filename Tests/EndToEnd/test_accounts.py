"""Accounts: whoever logs in here is logged in in Django, and the reverse; what one side ends is over at the other.

A real Django site stands beside on the same tables (django_site.py), also of a newer release where Tests/run has made an
environment for one.
"""

import html
import json
import re
import shutil
import statistics
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from urllib.parse import quote, urlencode

import psycopg
import pytest
from client import TOKEN, Response
from django_site import ALGORITHMS, django_site
from stack import ROOT, SECRET_KEY, Stack, wait_until
from webdriver import Chromium

FORM, LOGIN, LOGOUT = "/myapp/connection/", "/myapp/login/", "/myapp/logout/"
REFUSED = "Please enter a correct username and password. Note that both fields may be case-sensitive."
BACKEND = "django.contrib.auth.backends.ModelBackend"
OLD_KEY = "a secret key of last year, long enough for serve to take it"
PASSWORD = "correct horse, battery staple"
numbers = count()


def newer_djangos():
    """The newer releases that Tests/run has made an environment for, with their Python."""
    found = {}
    for python in sorted(ROOT.glob(".build/venv-*/bin/python")):
        if subprocess.run([python, "-c", "import django, psycopg"], capture_output=True).returncode == 0:
            found[python.parts[-3].removeprefix("venv-")] = python
    return found


@pytest.fixture(scope="module")
def stack(program):
    # All of Django's: bcrypt alone is not among those that count without being named.
    hashers = [f"django.contrib.auth.hashers.{name}" for name in ALGORITHMS.values()]
    settings = {"SECRET_KEY_FALLBACKS": json.dumps([OLD_KEY]), "PASSWORD_HASHERS": json.dumps(hashers)}
    # All that is wrong here comes from one address.
    settings["LOGIN_LIMIT_ADDRESS"] = "None"
    stack = Stack(program, AUTHENTICATION="django", **settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def django(stack):
    with django_site(stack) as site:
        yield site


@pytest.fixture(scope="module", params=["5.2", *newer_djangos()])
def any_django(request, stack, django):
    """Each release in turn."""
    if request.param == "5.2":
        yield django
    else:
        with django_site(stack, newer_djangos()[request.param]) as site:
            yield site


@pytest.fixture
def user(django):
    """A new user's name. Few iterations: what hashing costs is not what these tests are about."""
    name = f"user{next(numbers)}"
    django.act("create", username=name, password=PASSWORD)
    return name


def fill_in(browser, username, password=PASSWORD, path=LOGIN, **more):
    """Sends the login form as it stands there."""
    page = browser.get(path)
    found = TOKEN.search(page.text)
    assert found, page.text
    fields = {"csrfmiddlewaretoken": found.group(1), "username": username, "password": password} | more
    return browser.post(path, fields, timeout=60)


def log_in(browser, username, password=PASSWORD):
    answer = fill_in(browser, username, password)
    assert answer.status == 302, answer.text
    return answer


def ask(connection, method, path, body=b"", **parameters):
    """A request to a worker without nginx."""
    if body:
        parameters["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
    answer = connection.exchange(method, path, body, **parameters)
    return Response(answer.status, answer.headers, answer.body)


def log_out(browser):
    token = TOKEN.search(browser.get(FORM).text).group(1)
    return browser.post(LOGOUT, {"csrfmiddlewaretoken": token})


def is_anonymous(stack, django, key):
    """Whether neither side knows the session any more."""
    return stack.browser(sessionid=key).get(FORM).is_form and not django.whoami({"sessionid": key})["authenticated"]


# -- proof 1: one login for both


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_login_here_is_a_login_in_django(stack, browser, any_django, algorithm):
    name, password = f"{algorithm}-{next(numbers)}", "pässwörd \N{SNOWMAN}"
    number = any_django.act("create", username=name, password=password, algorithm=algorithm)
    assert REFUSED in fill_in(browser, name, password + "x").text
    log_in(browser, name, password)
    there = any_django.whoami(browser.cookies)
    assert (there["authenticated"], there["id"], there["username"]) == (True, number, name)
    assert browser.get(FORM).shows(name)
    # Verified, not made anew: that would end the user's sessions everywhere else.
    assert any_django.act("get", username=name)["password"].startswith(algorithm + "$")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_login_in_django_is_a_login_here(stack, browser, any_django, algorithm):
    name = f"{algorithm}-{next(numbers)}"
    any_django.act("create", username=name, password=PASSWORD, algorithm=algorithm)
    any_django.log_in(name, PASSWORD, browser.cookies)
    assert browser.get(FORM).shows(name)
    assert any_django.whoami(browser.cookies)["username"] == name


def test_the_session_holds_what_django_puts_there_in_its_order(django, browser, user):
    log_in(browser, user)
    there = django.whoami(browser.cookies)
    names = ["_auth_user_id", "_auth_user_backend", "_auth_user_hash", "username"]
    assert list(there["session"]) == names
    assert there["session"]["_auth_user_id"] == str(there["id"]) and there["session"]["_auth_user_backend"] == BACKEND
    assert there["session"]["username"] == user


def test_the_hash_in_the_session_is_the_one_that_django_stores(stack, django, browser, user):
    log_in(browser, user)
    other = django.act("log_in", username=user)
    here, there = django.whoami(browser.cookies), django.whoami({"sessionid": other})
    assert here["session"]["_auth_user_hash"] == there["session"]["_auth_user_hash"]


def test_a_login_is_recorded_as_django_records_it(django, browser, user):
    assert django.act("get", username=user)["last_login"] == "None"
    log_in(browser, user)
    assert re.match(r"20\d\d-\d\d-\d\d ", django.act("get", username=user)["last_login"])


def test_a_login_waits_for_nobody_who_holds_the_users_row(stack, django, browser, user):
    with psycopg.connect(stack.database_url()) as connection:
        connection.execute("UPDATE auth_user SET first_name = 'x' WHERE username = %s", [user])
        log_in(browser, user)
        assert django.whoami(browser.cookies)["username"] == user
    assert django.act("get", username=user)["last_login"] == "None"
    assert "last_login was not recorded" in stack.log("worker.log")


# -- what one side ends is over at the other


def test_a_logout_here_is_a_logout_in_django(stack, django, browser, user):
    log_in(browser, user)
    key = browser.session_key
    assert "You are logged out." in log_out(browser).text
    assert is_anonymous(stack, django, key) and stack.row(key) is None


def test_a_logout_in_django_is_a_logout_here(stack, django, browser, user):
    log_in(browser, user)
    key = browser.session_key
    assert django.log_out(browser.cookies).status == 200
    assert is_anonymous(stack, django, key)


def test_a_changed_password_ends_every_session_at_its_next_request(stack, django, browser, user):
    log_in(browser, user)
    other = stack.browser(sessionid=django.act("log_in", username=user))
    assert other.get(FORM).shows(user)
    django.act("set_password", username=user, password="another one")
    assert browser.get(FORM).is_form and other.get(FORM).is_form
    # Ended for good: the rows are gone, as in Django.
    assert browser.session_key is None and other.session_key is None
    assert REFUSED in fill_in(browser, user).text
    log_in(browser, user, "another one")


def test_who_changes_the_password_in_django_stays_logged_in_on_both_sides(stack, django, browser, user):
    log_in(browser, user)
    elsewhere = stack.browser()
    log_in(elsewhere, user)
    there = django.browser(browser.cookies)
    token = TOKEN.search(there.get("/password/").text).group(1)
    new = "a wholly different pass phrase"
    fields = {"csrfmiddlewaretoken": token, "old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert there.post("/password/", fields, timeout=60).status == 302
    assert browser.get(FORM).shows(user) and elsewhere.get(FORM).is_form


def test_a_deactivated_user_is_nobody_until_he_is_active_again(stack, django, browser, user):
    log_in(browser, user)
    django.act("change", username=user, is_active=False)
    assert browser.get(FORM).is_form and not django.whoami(browser.cookies)["authenticated"]
    assert stack.row(browser.session_key), "the session was ended, which Django does not do"
    assert REFUSED in fill_in(stack.browser(), user).text
    django.act("change", username=user, is_active=True)
    assert browser.get(FORM).shows(user)


def test_a_deleted_user_is_nobody(stack, django, browser, user):
    log_in(browser, user)
    django.act("delete", username=user)
    assert browser.get(FORM).is_form and not django.whoami(browser.cookies)["authenticated"]
    assert stack.row(browser.session_key), "the session was ended, which Django does not do"


def test_a_session_of_an_older_key_moves_to_the_new_one_here(stack, django, user):
    with django_site(stack, SECRET_KEY=OLD_KEY) as old:
        key = old.act("log_in", username=user)
        browser = stack.browser(sessionid=key)
        assert browser.get(FORM).shows(user)
        assert browser.session_key != key and stack.row(key) is None
        # Now it is one of the current key alone.
        assert django.whoami(browser.cookies)["username"] == user
        assert not old.whoami(dict(browser.cookies))["authenticated"]


@pytest.mark.parametrize("saves", ["False", "True"])
def test_of_requests_at_once_one_moves_a_session_of_an_older_key(stack, user, saves):
    """The others are answered as if they had come before; each is saved while a lock keeps all of them waiting."""
    with django_site(stack, SECRET_KEY=OLD_KEY) as old:
        key = old.act("log_in", username=user)
    with stack.worker(SESSION_SAVE_EVERY_REQUEST=saves) as (_, address), ExitStack() as all_of_them:
        connections = [all_of_them.enter_context(stack.fastcgi(address)) for _ in range(6)]
        with psycopg.connect(stack.database_url()) as lock, ThreadPoolExecutor(len(connections)) as pool:
            lock.execute("SELECT FROM django_session WHERE session_key = %s FOR UPDATE", [key])
            answers = [pool.submit(ask, one, "GET", FORM, HTTP_COOKIE=f"sessionid={key}") for one in connections]
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            wait_until(lambda: stack.sql(waiting)[0][0] > 0, what="a save that waits for the lock")
            time.sleep(0.5)
            lock.rollback()
            answers = [answer.result() for answer in answers]
    assert [answer.status for answer in answers] == [200] * len(answers)
    assert all(f"<strong>{user}</strong>" in answer.text for answer in answers)
    told = [answer.cookie("sessionid") for answer in answers if answer.cookie("sessionid")]
    assert len(told) == 1 and stack.row(key) is None and stack.row(told[0].split(";")[0].partition("=")[2])


def test_a_session_of_an_older_key_moves_to_the_new_one_in_django(stack, user):
    new = "a secret key of next year, long enough for serve to take it"
    browser = stack.browser()
    log_in(browser, user)
    key = browser.session_key
    with django_site(stack, SECRET_KEY=new, SECRET_KEY_FALLBACKS=[SECRET_KEY]) as site:
        assert site.whoami(browser.cookies)["username"] == user
        assert browser.session_key != key
        # This side does not know that key; its own sessions are not touched.
        assert stack.browser(**browser.cookies).get(FORM).is_form
        with stack.worker(SECRET_KEY=new) as (_, address), stack.fastcgi(address) as connection:
            cookie = f"sessionid={browser.session_key}"
            assert f"<strong>{user}</strong>" in ask(connection, "GET", FORM, HTTP_COOKIE=cookie).text


def test_a_session_of_a_backend_that_does_not_count_is_nobodys(stack, django, user):
    key = django.act("log_in", username=user)
    settings = {"AUTHENTICATION_BACKENDS": '["some.other.Backend"]'}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        assert 'type="password"' in ask(connection, "GET", FORM, HTTP_COOKIE=f"sessionid={key}").text
    assert stack.row(key) and stack.browser(sessionid=key).get(FORM).shows(user)


# -- CSRF


def test_a_csrf_token_of_either_side_is_good_at_the_other(stack, django, browser, user):
    browser.get(FORM)
    from_django = django.token(browser.cookies)
    fields = {"csrfmiddlewaretoken": from_django, "username": user, "password": PASSWORD}
    assert browser.post(LOGIN, fields, timeout=60).status == 302

    visitor = stack.browser()
    ours = TOKEN.search(visitor.get(FORM).text).group(1)
    answer = django.browser(visitor.cookies).post("/login/", fields | {"csrfmiddlewaretoken": ours}, timeout=60)
    assert answer.status == 302


def test_a_login_makes_a_new_csrf_secret_and_the_old_token_is_worth_nothing(stack, django, browser, user):
    token = TOKEN.search(browser.get(FORM).text).group(1)
    before = browser.cookies["csrftoken"]
    log_in(browser, user)
    assert browser.cookies["csrftoken"] != before
    assert browser.post(LOGOUT, {"csrfmiddlewaretoken": token}).status == 403
    assert browser.get(FORM).shows(user)


# -- the login page


@pytest.mark.parametrize("kind", ["unknown", "wrong password", "inactive", "no usable password", "other case"])
def test_a_login_that_fails_tells_nothing(stack, django, browser, user, kind):
    password = PASSWORD
    if kind == "inactive":
        django.act("change", username=user, is_active=False)
    elif kind == "no usable password":
        django.act("change", username=user, password="!" + "x" * 40)
    elif kind == "unknown":
        user = "nobody-of-that-name"
    elif kind == "other case":
        user = user.upper()
    else:
        password = "wrong"
    before = stack.sql("SELECT count(*) FROM django_session")
    page = fill_in(browser, user, password)
    assert page.status == 200 and page.is_form and REFUSED in page.text
    assert f'value="{user}"' in page.text and password not in page.text
    assert "max-age=0, no-cache, no-store, must-revalidate, private" == page.header("Cache-Control")
    assert browser.session_key is None and stack.sql("SELECT count(*) FROM django_session") == before


@pytest.mark.parametrize(("name", "length"), [("x" * 151, 151), ("\N{LATIN SMALL LIGATURE FFI}" * 60, 180)],
                         ids=["long as it is", "long when normalized"])
def test_a_name_is_measured_as_it_is_stored(browser, name, length):
    page = fill_in(browser, name)
    assert f"Ensure this value has at most 150 characters (it has {length})." in page.text and REFUSED not in page.text
    assert f'value="{name}"' in page.text


def test_an_unknown_user_takes_as_long_as_a_wrong_password(django, stack):
    """Roughly: Tests/Load/run looks closely."""
    name = f"timed{next(numbers)}"
    # What the site's passwords cost is what a name without one costs.
    django.act("create", username=name, password=PASSWORD, algorithm="pbkdf2_sha256")
    times = {name: [], "nobody-of-that-name": []}
    for _ in range(5):
        for who, found in times.items():
            browser = stack.browser()
            token = browser.token()
            start = time.monotonic()
            fields = {"csrfmiddlewaretoken": token, "username": who, "password": "wrong"}
            assert REFUSED in browser.post(LOGIN, fields, timeout=60).text
            found.append(time.monotonic() - start)
    wrong, unknown = (statistics.median(found) for found in times.values())
    assert 0.5 < unknown / wrong < 2, times


@pytest.mark.parametrize("field, value", [("username", ""), ("username", "x" * 151), ("password", "")])
def test_an_incomplete_form_is_shown_again_with_what_is_wrong(browser, user, field, value):
    page = fill_in(browser, **{"username": user, "password": PASSWORD} | {field: value})
    assert page.is_form and 'aria-invalid="true"' in page.text and REFUSED not in page.text


def test_a_name_is_normalised_as_django_normalises_it(django, browser):
    django.act("create", username=f"ffi{next(numbers)}", password=PASSWORD)
    number = next(numbers) - 1
    log_in(browser, f"\N{LATIN SMALL LIGATURE FFI}{number}")
    assert browser.get(FORM).shows(f"ffi{number}")


def test_a_name_that_differs_only_in_how_it_is_composed_is_another_one(stack, django):
    # Such a row can only come from elsewhere: Django's forms normalise.
    django.act("create", username="cafe\u0301", password="one")
    django.act("create", username="caf\u00e9", password="two")
    assert REFUSED in fill_in(stack.browser(), "cafe\u0301", "one").text
    log_in(stack.browser(), "cafe\u0301", "two")


def test_a_password_of_more_than_4096_bytes_is_not_hashed(stack, django, browser):
    name = f"long{next(numbers)}"
    django.act("create", username=name, password="x" * 5000)
    assert REFUSED in fill_in(browser, name, "x" * 5000).text
    django.act("set_password", username=name, password="x" * 4096)
    log_in(browser, name, "x" * 4096)


@pytest.mark.parametrize(
    "target",
    [
        "/view/?param=http://example.com", "/view/?param=https://example.com&b=%2F", "view/?param=//example.com",
        "http://{host}/", "HTTP://{host}/", "//{host}/", "/url%20with%20spaces/", "/name/é",
    ],
)
def test_next_leads_on_through_the_form(stack, browser, user, target):
    target = target.replace("{host}", f"127.0.0.1:{stack.port}")
    page = browser.get(f"{LOGIN}?next={quote(target)}")
    hidden = html.unescape(re.search(r'name="next" value="([^"]*)"', page.text).group(1))
    assert hidden == target
    sent = target.replace("é", "%C3%A9")
    assert fill_in(browser, user, next=hidden).header("Location") == sent


@pytest.mark.parametrize(
    "target",
    [
        "http://example.com", "http:///example.com", "https://example.com", "ftp://example.com", "///example.com",
        "//example.com", 'javascript:alert("XSS")', "/\\example.com", "\\\\example.com", "\b//example.com",
        "http://{host}@example.com/", "http://{host}\\@example.com", "/" + "x" * 2048, "",
    ],
)
def test_next_leads_to_no_other_site(stack, browser, user, target):
    target = target.replace("{host}", f"127.0.0.1:{stack.port}")
    page = browser.get(f"{LOGIN}?next={quote(target)}")
    assert 'name="next" value=""' in page.text
    assert fill_in(browser, user, next=target).header("Location") == FORM


def test_over_https_next_leads_to_https_alone(stack, user):
    """As nginx says it: HTTPS is a parameter of the request."""
    for target, sent in [("https://127.0.0.1/a/", "https://127.0.0.1/a/"), ("http://127.0.0.1/a/", FORM)]:
        with stack.worker() as (_, address), stack.fastcgi(address) as connection:
            secure = {"HTTPS": "on", "HTTP_REFERER": "https://127.0.0.1/myapp/login/"}
            page = ask(connection, "GET", LOGIN, **secure)
            fields = {"csrfmiddlewaretoken": TOKEN.search(page.text).group(1), "username": user, "password": PASSWORD}
            cookie = page.cookie("csrftoken").split(";")[0]
            body = urlencode(fields | {"next": target}).encode()
            answer = ask(connection, "POST", LOGIN, body, HTTP_COOKIE=cookie, **secure)
            assert (answer.status, answer.header("Location")) == (302, sent), answer.text


@pytest.mark.parametrize(
    "setting, sent",
    [("/custom/", "/custom/"), ("login", LOGIN), ("http://remote.example.com/", "http://remote.example.com/")],
)
def test_where_a_login_leads_without_next(stack, browser, user, setting, sent):
    with stack.worker(LOGIN_REDIRECT_URL=setting) as (_, address), stack.fastcgi(address) as connection:
        page = ask(connection, "GET", LOGIN)
        fields = {"csrfmiddlewaretoken": TOKEN.search(page.text).group(1), "username": user, "password": PASSWORD}
        cookie = page.cookie("csrftoken").split(";")[0]
        answer = ask(connection, "POST", LOGIN, urlencode(fields).encode(), HTTP_COOKIE=cookie)
        assert (answer.status, answer.header("Location")) == (302, sent)


def test_who_is_logged_in_may_still_see_the_login_page(browser, user):
    log_in(browser, user)
    assert browser.get(LOGIN).is_form


def test_a_failed_login_keeps_next(browser, user):
    page = fill_in(browser, user, "wrong", next="/elsewhere/")
    assert 'name="next" value="/elsewhere/"' in page.text


def test_a_login_takes_a_new_key_and_keeps_the_visitors_data(stack, django, user):
    key = django.act("store_session", data={"basket": ["bread"]})
    browser = stack.browser(sessionid=key)
    log_in(browser, user)
    assert browser.session_key != key and stack.row(key) is None
    assert django.whoami(browser.cookies)["session"]["basket"] == ["bread"]


def test_another_users_session_ends_with_the_login(stack, django, browser, user):
    log_in(browser, user)
    first = browser.session_key
    other = f"other{next(numbers)}"
    django.act("create", username=other, password=PASSWORD)
    log_in(browser, other)
    assert browser.session_key != first and is_anonymous(stack, django, first)
    assert browser.get(FORM).shows(other)


# -- the logout


def test_a_link_logs_nobody_out(browser, user):
    log_in(browser, user)
    answer = browser.get(LOGOUT)
    assert answer.status == 405 and answer.header("Allow") == "POST, OPTIONS"
    assert browser.get(FORM).shows(user)


def test_a_logout_without_a_token_is_refused(browser, user):
    log_in(browser, user)
    assert browser.post(LOGOUT, {}).status == 403
    assert browser.get(FORM).shows(user)


@pytest.mark.parametrize(
    "target, sent",
    [("/view/?a=1", "/view/?a=1"), ("//{host}/a/", "//{host}/a/"), ("//example.com", None), ("javascript:alert(1)", None)],
)
def test_next_leads_on_after_a_logout(stack, browser, user, target, sent):
    log_in(browser, user)
    here = f"127.0.0.1:{stack.port}"
    token = TOKEN.search(browser.get(FORM).text).group(1)
    path = f"{LOGOUT}?next={quote(target.replace('{host}', here))}"
    answer = browser.post(path, {"csrfmiddlewaretoken": token})
    if sent is None:
        assert answer.status == 200 and "You are logged out." in answer.text and "Location" not in dict(answer.headers)
        assert "max-age=0, no-cache, no-store, must-revalidate, private" == answer.header("Cache-Control")
    else:
        assert (answer.status, answer.header("Location")) == (302, sent.replace("{host}", here))
    assert browser.get(FORM).is_form


def test_where_a_logout_leads(stack, browser, user):
    settings = {"LOGOUT_REDIRECT_URL": "/farewell/", "LOGOUT_ALLOW_GET": "True", "LOGIN_REDIRECT_URL": "/welcome/"}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        log_in(browser, user)
        answer = ask(connection, "GET", LOGOUT, HTTP_COOKIE=f"sessionid={browser.session_key}")
        assert answer.status == 302 and answer.header("Location") == "/farewell/"
    assert browser.get(FORM).is_form


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="chromium-driver is not installed")
def test_a_browser_is_told_of_a_mistake_and_comes_to_where_it_wanted_to_go(stack, user, tmp_path):
    def send(password):
        chromium.find("input[name=password]").type(password)
        chromium.find("form button").click()

    base = f"http://127.0.0.1:{stack.port}"
    with Chromium(tmp_path) as chromium:
        chromium.open(f"{base}{LOGIN}?next={quote(FORM + '?a=1')}")
        chromium.find("input[name=username]").type(user)
        send("wrong")
        chromium.wait_for(REFUSED)
        send(PASSWORD)
        chromium.wait_for(f"You are : {user}")
        assert chromium.url == f"{base}{FORM}?a=1"
        chromium.find(f"form[action='{LOGOUT}'] button").click()
        chromium.wait_for("You are logged out.")
        chromium.open(base + FORM)
        chromium.find("input[type=password]")


# -- the rest


def test_the_users_lie_in_the_database_whatever_the_engine(stack, django, user):
    directory = stack.directory / "sessions"
    stack.own(directory)
    settings = {"SESSION_ENGINE": "django.contrib.sessions.backends.file", "SESSION_FILE_PATH": str(directory)}
    stack.stop_workers()
    stack.start_workers(1, **settings)
    try:
        browser = stack.browser()
        wait_until(lambda: browser.get(FORM).is_form, what="the worker")
        log_in(browser, user)
        assert browser.get(FORM).shows(user)
        assert (directory / f"sessionid{browser.session_key}").exists() and stack.row(browser.session_key) is None
        django.act("change", username=user, is_active=False)
        assert browser.get(FORM).is_form
    finally:
        stack.stop_workers()
        stack.start_workers(2)
        wait_until(lambda: stack.request("GET", FORM).status == 200, what="the workers")


def test_check_names_the_table_that_is_missing(stack):
    stack.sql("CREATE DATABASE bare", database="postgres")
    settings = {"DATABASE_URL": stack.database_url("bare")}
    assert stack.sessiond("migrate", **settings).returncode == 0
    done = stack.sessiond("check", **settings)
    assert done.returncode == 1 and "auth_user" in done.stdout
    assert stack.sessiond("check", **settings, AUTHENTICATION="any").returncode == 0
    assert stack.sessiond("check").returncode == 0
    stack.sql("DROP DATABASE bare", database="postgres")


def test_the_deployment_check_warns_of_a_site_that_lets_anybody_in(stack):
    done = stack.sessiond("check", "--deploy", AUTHENTICATION="any")
    assert "AUTHENTICATION" in done.stdout + done.stderr
    done = stack.sessiond("check", "--deploy")
    assert "AUTHENTICATION" not in done.stdout + done.stderr and "sessiond.W003" not in done.stderr
    assert "(sessiond.W003) LOGOUT_ALLOW_GET: " in stack.sessiond("check", "--deploy", LOGOUT_ALLOW_GET="True").stderr


@pytest.mark.parametrize("hosts, fine", [("[]", True), ('["localhost", "127.0.0.1", "[::1]"]', True), ('["*"]', False),
                                         ('["127.0.0.1", "example.com"]', False)])
def test_a_demonstration_is_not_shown_to_the_world(stack, hosts, fine):
    settings = {"AUTHENTICATION": "any", "ALLOWED_HOSTS": hosts}
    done = stack.sessiond("check", **settings)
    assert (done.returncode == 0) == fine, done.stdout
    assert fine or "AUTHENTICATION" in done.stdout and "AUTHENTICATION_ANY_FORCE" in done.stdout
    assert stack.sessiond("check", **settings, AUTHENTICATION_ANY_FORCE="True").returncode == 0


@pytest.mark.parametrize("address, forced, status", [("192.0.2.7", None, 403), ("192.0.2.7", "True", 200), ("127.0.0.1", None, 200)])
def test_a_demonstration_lets_in_who_comes_from_this_machine(stack, address, forced, status):
    settings = {"AUTHENTICATION": "any", "AUTHENTICATION_ANY_FORCE": forced}
    with stack.worker(**settings) as (_, socket), stack.fastcgi(socket) as connection:
        page = ask(connection, "GET", FORM, REMOTE_ADDR=address)
        token = TOKEN.search(page.text).group(1)
        cookie = page.cookie("csrftoken").split(";")[0]
        body = urlencode({"csrfmiddlewaretoken": token, "username": "alice", "password": "x"}).encode()
        answer = ask(connection, "POST", LOGIN, body, REMOTE_ADDR=address, HTTP_COOKIE=cookie)
        assert answer.status == status
        assert status == 200 or "AUTHENTICATION" in answer.text and answer.cookie("sessionid") is None


def test_nobody_is_told_that_he_is_logged_out_while_the_database_is_away(stack, django, browser, user):
    """Last, for it stops what the others use."""
    log_in(browser, user)
    stack.stop_postgres()
    try:
        with stack.worker(DATABASE_TIMEOUT="1") as (_, address), stack.fastcgi(address) as connection:
            answer = ask(connection, "GET", FORM, HTTP_COOKIE=f"sessionid={browser.session_key}")
        assert answer.status == 503 and answer.header("Retry-After")
    finally:
        stack.start_postgres()
    wait_until(lambda: browser.get(FORM).shows(user), what="the session")
