"""Real accounts: who is let in, who stays in, and what nobody learns by trying."""

import re
import threading
import time

import django_side
import pytest
from accounts import account, claim
from client import TOKEN
from stack import free_port
from website import FORM, LOGIN, SECRET_KEY, leaks_nothing


def same(page, username):
    """A page without what must differ: the name that was typed, the token, the date."""
    text = TOKEN.sub("", page.text).replace(username, "NAME")
    headers = sorted((name, re.sub(r"=[A-Za-z0-9]{32};|expires=[^;]*", "", value)) for name,
                     value in page.headers if name != "Date")
    return page.status, text, [pair for pair in headers if pair[0] not in ("Content-Length", "Expires")]


def test_login_errors_do_not_enumerate(accounts):
    """Unknown, wrong password, inactive, unusable or broken hash: one and the same answer."""
    account("alice")
    account("inactive", is_active=False)
    account("unusable", password="x").set_unusable_password()
    broken = {"unusable": "!" + "x" * 40, "empty": "", "broken": "pbkdf2_sha256$x$y", "odd": "nothing$1$2$3",
              "half": "argon2$argon2id"}
    for name, encoded in broken.items():
        user = account(name)
        type(user).objects.filter(pk=user.pk).update(password=encoded)
    pages = {name: accounts.refuses(accounts.browser(), name, "wrong") for name in ("alice", "nobody-of-that-name",
                                                                                    "inactive", *broken)}
    # The right password of an inactive user, and what a broken hash might take for right.
    pages["inactive, right"] = accounts.refuses(accounts.browser(), "inactive", "correct horse")
    pages |= {f"{name}, empty": accounts.refuses(accounts.browser(), name, " ") for name in broken}
    expected = same(pages["alice"], "alice")
    for name, page in pages.items():
        assert same(page, name.partition(",")[0]) == expected, name
        assert leaks_nothing(page)
    assert accounts.let_in(accounts.post_login(accounts.browser(), "alice"))


@pytest.fixture
def costly_site(accounts):
    """The site, started where all passwords cost what Django's do: that is what an unknown user is to cost too."""
    users = type(account("slow", iterations=1_000_000)).objects
    account("slow-inactive", iterations=1_000_000, is_active=False)
    account("slow-unusable")
    others = list(users.exclude(username__in=["slow", "slow-inactive"]).values_list("pk", "password"))

    def restart():
        accounts.stack.stop_workers()
        accounts.stack.start_workers(accounts.stack.worker_count)

    users.filter(pk__in=[pk for pk, _ in others]).update(password="!" + "x" * 40)
    restart()
    yield accounts
    for pk, password in others:
        users.filter(pk=pk).update(password=password)
    restart()


def test_login_timing_does_not_enumerate(costly_site):
    """Coarsely, for the machine may be busy: no kind of refusal takes half or twice the time of another."""
    accounts = costly_site
    times = {"slow": [], "slow-inactive": [], "slow-unusable": [], "nobody-of-that-name": []}
    browser = accounts.browser()
    token = browser.token()
    for _ in range(7):
        for name, found in times.items():
            fields = {"csrfmiddlewaretoken": token, "username": name, "password": "wrong"}
            start = time.monotonic()
            page = accounts.browser(**browser.cookies).post(LOGIN, fields)
            found.append(time.monotonic() - start)
            assert page.status == 200 and page.cookie("sessionid") is None
    # The shortest of each, which other load on the machine stretches least.
    shortest = {name: min(found) for name, found in times.items()}
    assert min(shortest.values()) > 0.5 * max(shortest.values()), times


def test_disabled_user_is_anonymous(accounts):
    """From the next request on, and in again when the user is enabled: as in Django, the session itself stays."""
    user = account("carol")
    browser = accounts.browser()
    accounts.login(browser, "carol")
    users = type(user).objects.filter(pk=user.pk)
    users.update(is_active=False)
    assert accounts.who(accounts.browser(**browser.cookies)) is None
    assert accounts.refuses(accounts.browser(), "carol", "correct horse").status == 200
    users.update(is_active=True)
    assert accounts.who(accounts.browser(**browser.cookies)) == "carol"
    users.delete()
    assert accounts.who(accounts.browser(**browser.cookies)) is None
    again = account("carol")
    assert again.pk != user.pk and accounts.who(accounts.browser(**browser.cookies)) is None


def test_password_change_ends_sessions(accounts, stack):
    """A password that Django changes ends all sessions from before, whoever made them."""
    user = account("dave")
    browsers = [accounts.browser(), accounts.browser(), accounts.browser(sessionid=django_side.create(claim(user)))]
    for browser in browsers[:2]:
        accounts.login(browser, "dave")
    keys = [browser.session_key for browser in browsers]
    assert [accounts.who(browser) for browser in browsers] == ["dave"] * 3
    user.set_password("another one")
    user.save()
    assert [accounts.who(browser) for browser in browsers] == [None] * 3
    assert [stack.row(key) for key in keys] == [None] * 3
    accounts.refuses(accounts.browser(), "dave", "correct horse")
    page = accounts.post_login(accounts.browser(), "dave", password="another one")
    assert accounts.let_in(page)


def claims(user, other):
    good = claim(user)
    yield {"username": "erin"}
    yield {"username": "erin", "is_logged_in": True, "user_id": user.pk, "_auth_user": "erin"}
    yield from ({name: value for name, value in good.items() if name != left_out} for left_out in good)
    for wrong in ("", "0" * 64, good["_auth_user_hash"][:-1], good["_auth_user_hash"].upper(), None, 1, [],
                  claim(other)["_auth_user_hash"]):
        yield good | {"_auth_user_hash": wrong}
    for wrong in (str(other.pk), "0", "-1", "", None, True, "9" * 30, 1e300, [user.pk], {}, "1 OR 1=1", f"{user.pk}x",
                  "\0", "1.5"):
        yield good | {"_auth_user_id": wrong}
    for wrong in ("", None, "os.system", "django.contrib.auth.backends.RemoteUserBackend",
                  "django.contrib.auth.backends", 1):
        yield good | {"_auth_user_backend": wrong}


def test_claims_in_a_session_are_proven(accounts):
    """A session says whose it is; without the hash of that user's password it is nobody's. A name alone is nobody."""
    user, other = account("erin"), account("frank")
    assert accounts.who(accounts.browser(sessionid=django_side.create(claim(user)))) == "erin"
    for data in claims(user, other):
        browser = accounts.browser(sessionid=django_side.create({"username": "erin"} | data))
        assert accounts.who(browser) is None, data


def test_demonstration_lets_nobody_into_accounts(accounts, demonstration):
    """A session of AUTHENTICATION=any, on the same table and key, is nobody's where there are accounts."""
    account("alice")
    browser = demonstration.browser()
    demonstration.login(browser, "alice")
    assert accounts.is_stranger(browser.session_key)


def test_demonstration_is_for_this_machine(demonstration, stack):
    """AUTHENTICATION=any starts on no public name or address, and lets in nobody who comes from elsewhere."""
    secret = "b" * 32
    body = f"csrfmiddlewaretoken={secret}&username=alice&password=x".encode()
    for address in ("192.0.2.1", "10.0.0.1", "::ffff:192.0.2.1", "2001:db8::1", "", "localhost"):
        with stack.fastcgi() as connection:
            answer = connection.exchange("POST", LOGIN, body, HTTP_COOKIE=f"csrftoken={secret}", REMOTE_ADDR=address)
            assert answer.status == 403 and b"sessionid=" not in answer.output, address
            assert SECRET_KEY.encode() not in answer.output
    for hosts in ('["example.org"]', '["*"]', '["localhost", "example.org"]', '[".example.org"]'):
        done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", AUTHENTICATION="any",
                              ALLOWED_HOSTS=hosts, timeout=10)
        assert done.returncode != 0 and "AUTHENTICATION" in done.stderr, done.stderr
    done = stack.sessiond("serve", "--listen", f"0.0.0.0:{free_port()}", AUTHENTICATION="any", timeout=10)
    assert done.returncode != 0 and "AUTHENTICATION" in done.stderr
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", AUTHENTICATION="Any", timeout=10)
    assert done.returncode != 0 and "AUTHENTICATION" in done.stderr


BAD_LOGINS = {
    "wrong": ("alice", "wrong"), "empty": ("alice", ""), "blank": ("alice", " "), "case": ("Alice", "correct horse"),
    "name as password": ("alice", "alice"), "hash as password": ("alice", None), "null": ("alice", "correct horse\0"),
    "longer": ("alice", "correct horse "), "prefix": ("alice", "correct hors"),
    "long name": ("alice" + " " * 300 + "x", "correct horse"), "nobody": ("", "correct horse"),
    "cut name": ("alice\0bob", "correct horse"), "field": ("alice", "Correct Horse"),
}


@pytest.mark.parametrize(("username", "password"), BAD_LOGINS.values(), ids=BAD_LOGINS.keys())
def test_wrong_password_lets_nobody_in(accounts, username, password):
    user = account("alice")
    page = accounts.refuses(accounts.browser(), username, user.password if password is None else password)
    assert page.status == 200 and page.is_form
    assert accounts.let_in(accounts.post_login(accounts.browser(), "alice"))


def test_password_is_not_shown_again(accounts):
    """The form after a wrong password has the name, not the password; and no answer repeats it."""
    page = accounts.refuses(accounts.browser(), "alice", "not-my-password-77")
    assert 'value="alice"' in page.text and "not-my-password-77" not in page.text
    assert accounts.request("GET", FORM).is_form


def test_hashing_is_bounded(accounts, stack):
    """As many threads as set look at passwords, with so many waiting; past that it is a 503, and pages go on."""
    account("hashed", iterations=1_000_000)
    secret, statuses = "b" * 32, []
    body = f"csrfmiddlewaretoken={secret}&username=hashed&password=wrong".encode()
    settings = {"AUTHENTICATION": "django", "PASSWORD_HASH_THREADS": "1", "PASSWORD_HASH_QUEUE": "2"}
    settings |= {"LOGIN_LIMIT_ACCOUNT": "None", "LOGIN_LIMIT_ADDRESS": "None"}

    def login(address):
        with stack.fastcgi(address, 60) as connection:
            answer = connection.exchange("POST", LOGIN, body, HTTP_COOKIE=f"csrftoken={secret}")
            assert answer.status != 503 or int(dict(answer.headers)["Retry-After"]) > 0
            statuses.append(answer.status)

    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as reader:
        threads = [threading.Thread(target=login, args=(address,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        slowest = 0
        while any(thread.is_alive() for thread in threads):
            start = time.monotonic()
            assert reader.exchange().status == 200
            slowest = max(slowest, time.monotonic() - start)
            time.sleep(0.01)
    assert sorted(set(statuses)) == [200, 503] and len(statuses) == 8
    # Those that come while the thread still wakes up find no more than the two places.
    assert statuses.count(200) >= 2 and slowest < 0.5
