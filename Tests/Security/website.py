"""The site under attack, in one of its two modes: how someone logs in there, and what no page of it may hold."""

import re
from urllib.parse import urlencode

import django_side
from client import FORM_TYPE
from stack import SECRET_KEY

FORM, LOGIN, LOGOUT = "/myapp/connection/", "/myapp/login/", "/myapp/logout/"
PAGES = [FORM, LOGIN, LOGOUT, "/nothing", "/myapp/connection", "/"]

KEY = re.compile(r"(?<![A-Za-z0-9])[a-z0-9]{32}(?![A-Za-z0-9])")

INSIDE = re.compile(
    "|".join([
        re.escape(SECRET_KEY), "postgres", "libpq", "sqlstate", "django_session", "auth_user", r"\bSELECT\b",
        r"\bINSERT\b", r"\.swift\b", "fatal error", "backtrace", "traceback", "/tmp/", "/run/", "/usr/", r"nginx/\d",
        r"sessiond/\d", "libfcgi", "pbkdf2", "argon2",
    ]),
    re.IGNORECASE,
)
"""What only the inside knows: secrets, SQL, files, versions."""


def whole(page):
    """All that a client sees of a response, as text."""
    return "\n".join(f"{name}: {value}" for name, value in page.headers) + "\n\n" + page.body.decode(errors="replace")


def leaks_nothing(page):
    found = INSIDE.search(whole(page))
    assert not found, f"{page.status} shows {found[0]!r}"
    return True


class Site:
    """A stack with workers in one mode. A test that changes it puts it back."""

    mode = "any"
    get_logs_out = True

    def __init__(self, stack):
        self.stack = stack

    def browser(self, **cookies):
        return self.stack.browser(**cookies)

    def request(self, *arguments, **named):
        return self.stack.request(*arguments, **named)

    def fields(self, username, password=None):
        """What the login form sends for someone who may log in."""
        return {"username": username, "password": password or "correct horse"}

    def post_login(self, browser, username, headers=(), **others):
        """Sends the login form with its token; gives whatever came back."""
        fields = {"csrfmiddlewaretoken": browser.token()} | self.fields(username) | others
        return browser.post(LOGIN, fields, headers)

    def login(self, browser, username="alice"):
        """Logs in, and fails where that does not succeed."""
        page = self.post_login(browser, username)
        assert self.let_in(page), f"{page.status}: {page.text[:500]}"
        return page

    def let_in(self, page):
        """Whether this answers a login that succeeded."""
        return page.cookie("sessionid") is not None and page.status == 200 and "not logged in" not in page.text

    def logout(self, browser):
        page = browser.post(LOGOUT, {"csrfmiddlewaretoken": browser.token()})
        assert page.status in (200, 302), page.status
        return page

    def session(self, username, **data):
        """The key of a session that Django made for someone who is logged in."""
        return django_side.create(data | {"username": username})

    def who(self, browser):
        """The name that the site knows a browser by, None for a stranger."""
        page = browser.get(FORM)
        assert page.status == 200, f"{page.status}: {page.text[:500]}"
        found = re.search(r"You are : <strong>(.*?)</strong>", page.text, re.DOTALL)
        assert found or page.is_form, page.text
        return found[1] if found else None

    def raw_login(self, username, cookie=b"", **others):
        """A login whose Cookie header is given in bytes; the token is good."""
        browser = self.browser()
        fields = {"csrfmiddlewaretoken": browser.token()} | self.fields(username) | others
        cookie = b"; ".join(filter(None, [b"csrftoken=" + browser.cookies["csrftoken"].encode(), cookie]))
        headers = [("Content-Type", FORM_TYPE), ("Cookie", cookie)]
        return self.request("POST", LOGIN, headers, urlencode(fields).encode())


def key_of(page):
    """The session key that a response sets."""
    return page.cookie("sessionid").split(";")[0].partition("=")[2]
