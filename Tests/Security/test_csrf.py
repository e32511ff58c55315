"""What another site makes a browser send changes nothing."""

from urllib.parse import urlencode

import pytest
from client import FORM_TYPE, TOKEN
from website import LOGIN, LOGOUT

EVIL = ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://127.0.0.1", "x", "",
        "http://127.0.0.1:{port}.evil.example", "http://evil.example/127.0.0.1:{port}",
        "http://127.0.0.1:{port}@evil.example", "http://evil.example#127.0.0.1:{port}", "HTTP://127.0.0.1:{port}x",
        "file://", "http://localhost:{port}"]


def refused(site, browser, page):
    """A 403 that neither logs anyone in nor out."""
    assert page.status == 403 and page.cookie("sessionid") is None, page.status
    assert browser.session_key is None
    return site.who(browser) is None


def test_csrf_missing_token(site, browser):
    browser.token()
    for fields in (site.fields("alice"), site.fields("alice") | {"csrfmiddlewaretoken": ""}):
        assert refused(site, browser, browser.post(LOGIN, fields))
    multipart = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nalice\r\n--x--\r\n'
    page = browser.send("POST", LOGIN, [("Content-Type", "multipart/form-data; boundary=x")], multipart)
    assert refused(site, browser, page)


def test_csrf_missing_cookie(site, browser):
    token = browser.token()
    browser.cookies.clear()
    fields = site.fields("alice") | {"csrfmiddlewaretoken": token}
    assert refused(site, browser, browser.post(LOGIN, fields))
    assert refused(site, browser, browser.post(LOGIN, fields, [("X-CSRFToken", token)]))


def test_csrf_foreign_token(site, browser):
    """The attacker's own good token is none with the victim's cookie; nor is one in the wrong place."""
    own = browser.token()
    foreign = site.browser().token()
    assert refused(site, browser, browser.post(LOGIN, site.fields("alice") | {"csrfmiddlewaretoken": foreign}))
    assert refused(site, browser, browser.post(LOGIN, site.fields("alice"), [("X-CSRFToken", foreign)]))
    assert refused(site, browser, browser.post(f"{LOGIN}?csrfmiddlewaretoken={own}", site.fields("alice")))
    assert refused(site, browser,
                   browser.post(LOGIN, site.fields("alice"), [("X-CSRF-Token", own), ("X-XSRF-Token", own)]))


@pytest.mark.parametrize("value",
                         ["", "a", "a" * 31, "a" * 33, "a" * 63, "a" * 65, "-" * 32, "\u00e9" * 32, "a" * 5000])
def test_csrf_malformed_equal_pair(site, browser, value):
    """Cookie and token may be as equal as they like: malformed is refused."""
    browser.cookies["csrftoken"] = value
    page = browser.post(LOGIN, site.fields("alice") | {"csrfmiddlewaretoken": value})
    assert page.status == 403 and page.cookie("sessionid") is None
    page = browser.post(LOGIN, site.fields("alice"), [("X-CSRFToken", value.encode())])
    assert page.status in (400, 403) and page.cookie("sessionid") is None


@pytest.mark.parametrize("token", ["0", "a" * 31, "a" * 32, "a" * 64, "a" * 65, "-" * 32, "\0" * 64, "\u00e9" * 32])
def test_csrf_malformed_token(site, browser, token):
    browser.token()
    assert refused(site, browser, browser.post(LOGIN, site.fields("alice") | {"csrfmiddlewaretoken": token}))


@pytest.mark.parametrize("origin", EVIL)
def test_csrf_foreign_origin(site, browser, origin):
    """Even a good token does not help a foreign origin."""
    fields = site.fields("alice") | {"csrfmiddlewaretoken": browser.token()}
    assert refused(site, browser, browser.post(LOGIN, fields, [("Origin", origin.format(port=site.stack.port))]))


def test_csrf_own_origin_accepted(site, browser):
    """The check is no wall for everybody."""
    own = f"http://127.0.0.1:{site.stack.port}"
    assert site.let_in(site.post_login(browser, "alice", [("Origin", own)]))


def test_csrf_header_token(site, browser):
    assert site.let_in(browser.post(LOGIN, site.fields("alice"), [("X-CSRFToken", browser.token())]))


def test_csrf_token_rotates_at_login(site, browser):
    """A secret that somebody planted before the login is worth nothing after it."""
    token = browser.token()
    planted = browser.cookies["csrftoken"]
    fields = site.fields("alice") | {"csrfmiddlewaretoken": token}
    assert site.let_in(browser.post(LOGIN, fields))
    assert browser.cookies["csrftoken"] != planted
    for old in (token, planted):
        page = browser.post(LOGOUT, {"csrfmiddlewaretoken": old})
        assert page.status == 403 and site.who(browser) == "alice"


def test_csrf_other_methods(site, browser):
    """No method and no override of one is a way past the check."""
    body = urlencode(site.fields("alice")).encode()
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        page = browser.send(method, LOGIN, [("Content-Type", FORM_TYPE)], body)
        assert page.status in (403, 405) and browser.session_key is None
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        for over in ("GET", "HEAD", "OPTIONS"):
            page = browser.send("POST", LOGIN, [("Content-Type", FORM_TYPE), (header, over)], body)
            assert page.status == 403 and browser.session_key is None
        page = browser.send("GET", LOGIN, [("Content-Type", FORM_TYPE), (header, "POST")], body)
        assert browser.session_key is None
    assert browser.post(f"{LOGIN}?_method=GET", site.fields("alice") | {"_method": "GET"}).status == 403


def test_csrf_get_never_logs_in(site, browser, rows):
    token, before = browser.token(), rows()
    body = urlencode(site.fields("alice") | {"csrfmiddlewaretoken": token}).encode()
    for method in ("GET", "HEAD", "OPTIONS"):
        browser.send(method, f"{LOGIN}?{body.decode()}")
        browser.send(method, LOGIN, [("Content-Type", FORM_TYPE), ("X-CSRFToken", token)], body)
        assert browser.session_key is None
    assert rows() == before


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/json", "text/xml", f"{FORM_TYPE}; a=b", f"text/plain, {FORM_TYPE}",
     "multipart/form-data", FORM_TYPE.upper(), "", "application/csp-report", "application/grpc"],
)
def test_csrf_cross_site_content_types(site, browser, kind):
    """The types that a form of another site may have, and those it may not, are all checked alike."""
    for visitor in (browser, site.browser()):
        if visitor is browser:
            visitor.token()
        for headers in ([], [("Origin", "http://evil.example")]):
            body = urlencode(site.fields("alice")).encode()
            page = visitor.send("POST", LOGIN, [("Content-Type", kind), *headers], body)
            assert page.status in (400, 403) and page.cookie("sessionid") is None and site.who(visitor) is None


@pytest.mark.parametrize(
    "headers",
    [
        [("X-Requested-With", "XMLHttpRequest")],
        [("X-Session-Token", "new")],
        [("Authorization", "Bearer x")],
        [("Host", "localhost:1"), ("Origin", "http://localhost:1")],
        [("X-Forwarded-Host", "evil.example"), ("Origin", "http://evil.example")],
        [("X-Forwarded-Proto", "https"), ("Referer", "https://127.0.0.1/")],
        [("Sec-Fetch-Site", "same-origin")],
        [("X-CSRFToken", "x" * 32), ("X_CSRFToken", "x" * 32)],
    ],
    ids=lambda headers: headers[0][0],
)
def test_csrf_no_exempting_header(site, browser, headers):
    """Nothing that Flash, a plug-in or a proxy might add lifts the check."""
    browser.token()
    page = browser.post(LOGIN, site.fields("alice"), headers)
    assert page.status in (400, 403) and page.cookie("sessionid") is None
    assert refused(site, browser, page) if page.status == 403 else site.who(browser) is None


REFERERS = {
    None: 403, "": 403, "https://evil.example/": 403, "http://127.0.0.1/": 403, "https://127.0.0.1.evil.example/": 403,
    "https://evil.example/https://127.0.0.1/": 403, "https://127.0.0.1@evil.example/": 403, "//127.0.0.1/": 403,
    "https://127.0.0.1:444/": 403, "https:127.0.0.1": 403, "https://[::1/": 403, "https://127.0.0.1/myapp/": 200,
}


@pytest.mark.parametrize(("referer", "status"), REFERERS.items())
def test_csrf_referer_over_https(stack, referer, status):
    """Over HTTPS a request without Origin needs our Referer: a cookie can be planted over HTTP, that cannot."""
    secret = "b" * 32
    body = f"csrfmiddlewaretoken={secret}&username=alice&password=x".encode()
    values = {"HTTPS": "on", "SERVER_PORT": "443", "HTTP_COOKIE": f"csrftoken={secret}"}
    values |= {"HTTP_REFERER": referer} if referer is not None else {}
    with stack.worker(AUTHENTICATION="any") as (_, address), stack.fastcgi(address) as connection:
        assert connection.exchange("POST", LOGIN, body, **values).status == status


def test_csrf_secret_in_session(stack):
    """Where a subdomain may toss cookies, CSRF_USE_SESSIONS keeps the secret from it: its own pair is refused."""
    settings = {"CSRF_USE_SESSIONS": "True", "AUTHENTICATION": "any"}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        form = connection.exchange()
        cookie = next(value for name, value in form.headers if name == "Set-Cookie").partition(";")[0]
        tossed = "b" * 32
        body = urlencode({"csrfmiddlewaretoken": tossed, "username": "alice", "password": "x"}).encode()
        answer = connection.exchange("POST", LOGIN, body, HTTP_COOKIE=f"{cookie}; csrftoken={tossed}")
        assert answer.status == 403
        token = TOKEN.search(form.body.decode()).group(1)
        body = urlencode({"csrfmiddlewaretoken": token, "username": "alice", "password": "x"}).encode()
        assert connection.exchange("POST", LOGIN, body, HTTP_COOKIE=cookie).status == 200


def test_logout_needs_post_or_csrf(site, stack, browser):
    """A page of another site cannot log anyone out by POST; by GET only where LOGOUT_ALLOW_GET is on."""
    site.login(browser)
    key = browser.session_key
    for fields, headers in (({}, []), ({"csrfmiddlewaretoken": site.browser().token()}, []),
                            ({"csrfmiddlewaretoken": browser.token()}, [("Origin", "http://evil.example")])):
        copy = site.browser(**browser.cookies)
        assert copy.post(LOGOUT, fields, headers).status == 403
        assert stack.row(key) and site.who(browser) == "alice"
    page = browser.get(LOGOUT)
    if site.get_logs_out:
        assert page.status == 200 and stack.row(key) is None
    else:
        assert page.status == 405 and "POST" in page.header("Allow") and stack.row(key)
