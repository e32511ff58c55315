"""What comes in is data: in HTML, in headers, in SQL, in stored sessions; and malformed input is refused soon."""

import random
import time

import django_side
import pytest
from client import FORM_TYPE
from website import FORM, LOGIN, LOGOUT, PAGES, leaks_nothing, whole

SCRIPTS = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
    "</strong><svg/onload=alert(1)>", "javascript:alert(1)", "{{ 7|add:7 }}{% csrf_token %}{{ settings.SECRET_KEY }}",
    "\u2028<b>\u2029", "&lt;script&gt;", "${7*7}",
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_xss_username(site, script):
    """A name is shown with its five characters escaped, whether it came by a form or from a session of Django's."""
    from django.utils.html import escape

    browser = site.browser()
    site.post_login(browser, script)
    pages = [site.browser(sessionid=site.session(script)).get(FORM), browser.get(FORM),
             site.post_login(browser, script)]
    assert str(escape(script)) in pages[0].text
    for page in pages:
        assert page.status < 500
        if any(character in script for character in "<>\"'"):
            assert script not in page.text


@pytest.mark.parametrize("script", SCRIPTS[:4])
def test_xss_elsewhere(site, script):
    """In no page does what stands in a path, a query, a header or an unknown field come back as markup."""
    from urllib.parse import quote

    for path in (f"/{quote(script)}", f"/myapp/{quote(script)}/", f"{FORM}?next={quote(script)}&{quote(script)}=1",
                 f"{LOGIN}?next={quote(script)}", f"/myapp/connection?{quote(script)}"):
        page = site.request("GET", path, [("Referer", script), ("User-Agent", script), ("X-Forwarded-Host", script)])
        assert script not in whole(page) and page.status < 500
    page = site.post_login(site.browser(), "alice", **{script: script, "next": script})
    assert script not in whole(page)


BREAKS = ["\r\n", "\n", "\r", "\r\n\r\n", "\u010d\u010a", "\u560d\u560a", "\x0b", "\x0c", "\x85", "\u2028"]


@pytest.mark.parametrize("text", BREAKS, ids=ascii)
def test_header_injection_crlf(site, text):
    """No line break, of any encoding, makes a header of its own: in names, queries, paths, cookies and `next`."""
    from urllib.parse import quote

    attack = f"x{text}Set-Cookie: stolen=1{text}Location: http://evil.example{text}"
    quoted = quote(attack)
    pages = [
        site.post_login(site.browser(), attack), site.post_login(site.browser(), "alice", next=attack),
        site.post_login(site.browser(), "alice", next=f"/myapp/{attack}"),
        site.browser(sessionid=site.session(attack)).get(FORM),
        site.request("POST", f"{LOGIN}?next={quoted}"), site.request("GET", f"{LOGIN}?next={quoted}"),
        site.request("GET", f"/myapp/connection?{quoted}"), site.request("GET", f"/myapp/connection{quoted}"),
        site.request("GET", f"/myapp/login?next={quoted}"), site.request("GET", f"{LOGOUT}?next={quoted}"),
        site.request("GET", FORM, [("Cookie", f'csrftoken="a\\015\\012Set-Cookie: stolen=1"; sessionid="{quoted}"')]),
    ]
    for page in pages:
        assert page.cookie("stolen") is None and "evil.example" not in [value for name,
                                                                        value in page.headers if name != "Location"]
        for name, value in page.headers:
            assert not any(ord(character) < 32 or ord(character) == 127 for character in value), (name, value)
        assert page.header("Location").count("\n") == 0 and not page.header("Location").startswith("http://evil")


SQL = ["' OR '1'='1", "'; DROP TABLE django_session; --", "\\'; SELECT pg_sleep(9); --", "$1", "%s", "\\x27", "{a,b}",
       "NULL", "x' UNION SELECT session_key FROM django_session --", "a\\", '"', "'||(SELECT pg_sleep(9))||'",
       "\ufb01' or 1=1 --"]


@pytest.mark.parametrize("text", SQL)
def test_sql_injection_login_and_cookie(site, text, rows, stack):
    other = site.session("alice")
    before = rows()
    start = time.monotonic()
    browser = site.browser()
    page = site.post_login(browser, text)
    assert page.status < 500 and rows() - before in (0, 1)
    for name in ("sessionid", "csrftoken"):
        cookie = f"{name}={text}".encode()
        assert site.request("GET", FORM, [("Cookie", cookie)]).is_form
        padded = f"{name}=aaaaaaaa{text}".encode()
        assert site.request("GET", FORM, [("Cookie", padded)]).is_form
    page = site.post_login(site.browser(), "alice", password=text, next=text)
    assert page.status < 500 and time.monotonic() - start < 6
    assert site.who(site.browser(sessionid=other)) == "alice"


def store(stack, session_data):
    key = django_side.create({"username": "victim"})
    stack.sql("UPDATE django_session SET session_data = %s WHERE session_key = %s", [session_data, key])
    return key


def corrupt():
    from django.core import signing

    good = django_side.signed({"username": "victim"})
    data, date, signature = good.split(":")
    yield from ("", ":", ":::::", "e30", good[:-1], good[1:], f"{data}:{date}:", f"{data}:{date}", data,
                f"{data}::{signature}")
    yield from (f"{data}:{date}:{'A' * 43}", f"{data}x:{date}:{signature}", f"{data}:0:{signature}",
                '{"username":"victim"}')
    yield signing.b64_encode(b'{"username": "victim"}').decode() + f":{date}:{signature}"
    yield signing.dumps({"username": "victim"}, key="k" * 50, salt="django.contrib.sessions.SessionStore",
                        compress=True)
    yield from ("\u00e9" * 100, "!" * 1000, "a" * 300_000)


def test_corrupted_session_data_is_anonymous(site, stack):
    """What is not signed with our key is no session: not as plain text, not by half, not by another key."""
    assert site.who(site.browser(sessionid=store(stack, django_side.signed({"x": 1})))) is None
    for data in corrupt():
        assert site.who(site.browser(sessionid=store(stack, data))) is None, data[:80]


def test_other_salts_are_refused(site, stack):
    """What Django signs for another purpose with the same key is no session."""
    from django.core import signing

    for salt in ("django.core.signing", "django.contrib.sessions.backends.signed_cookies", "", "SessionStore",
                 "django.contrib.sessions.SessionStor", "django.contrib.sessions.SessionStoree",
                 "django.contrib.sessions"):
        data = signing.dumps({"username": "victim"}, salt=salt, compress=True)
        assert site.who(site.browser(sessionid=store(stack, data))) is None, salt


ODD = [
    [1, 2], 5, None, "username", b"", b'{"username":"victim"', b'{"username":"victim",}', b"{'username':'victim'}",
    b'{"username":"victim","x":' + b"[" * 2000 + b"]" * 2000 + b"}", b"[" * 100_000, b'{"a":' * 50_000,
    b'{"username":"victim","x":' + b"1" * 5000 + b"}", b'{"username":"vic\ntim"}',
    b"\xef\xbb\xbf{}", b"{} {}", b'{"_session_expiry":"never","x":NaN}', b"NaN", b"1e999", b"\x80\x04}.",
]


@pytest.mark.parametrize("payload", ODD, ids=lambda value: repr(value)[:30])
def test_validly_signed_odd_payloads(site, stack, payload):
    """Even what is signed is read as untrusted data: no crash, no endless work, and nobody is somebody by it."""
    start = time.monotonic()
    page = site.browser(sessionid=store(stack, django_side.signed(payload))).get(FORM)
    assert page.is_form and time.monotonic() - start < 3


def test_anonymous_page_is_login_form(site):
    page = site.request("GET", FORM)
    assert page.is_form and page.header("Content-Type") == "text/html; charset=utf-8"


def test_content_types_name_charset(site, browser):
    pages = [site.request("GET", path) for path in (*PAGES, "/myapp/style.css", f"{FORM}%ff")]
    pages += [site.request("POST", LOGIN), site.request("DELETE", FORM), site.login(browser), browser.get(FORM)]
    for page in pages:
        assert not page.body or "charset=utf-8" in page.header("Content-Type").lower(), page.headers


@pytest.mark.parametrize("method",
                         ["TRACE", "TRACK", "CONNECT", "PROPFIND", "BREW", "get", "G" * 3000, "PUT", "DELETE", "PATCH"])
def test_method_restrictions(site, browser, method):
    site.login(browser)
    for path in (FORM, LOGIN, LOGOUT):
        page = browser.send(method, path)
        assert page.status in (400, 403, 405, 414) and leaks_nothing(page)
        assert browser.session_key not in whole(page)
    assert site.who(browser) == "alice"
    options = site.request("OPTIONS", FORM)
    assert "TRACE" not in options.header("Allow") and not options.every("Access-Control-Allow-Origin")


def part(name, value, headers=b""):
    return b'--x\r\nContent-Disposition: form-data; name="' + name + b'"\r\n' + headers + b"\r\n" + value + b"\r\n"


MULTIPART = {
    "nothing": b"",
    "no end": part(b"username", b"mallory")[:-2],
    "an end alone": b"--x--\r\n",
    "half a boundary": b"--",
    "boundaries alone": b"--x\r\n" * 20_000,
    "no blank line": b'--x\r\nContent-Disposition: form-data; name="username"\r\nmallory\r\n--x--\r\n',
    "a header without end": b"--x\r\n" + b"A" * 100_000,
    "many headers": b"--x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n\r\n--x--\r\n",
    "base64 of blanks": part(b"username", b" " * 500_000, b"Content-Transfer-Encoding: base64\r\n") + b"--x--\r\n",
    "broken base64": part(b"username", b"=====" * 100, b"Content-Transfer-Encoding: base64\r\n") + b"--x--\r\n",
    "a file named as a path": part(b'f"; filename="../../../etc/passwd', b"data") + b"--x--\r\n",
    "long names": part(b"n" * 200_000, b"x") + b"--x--\r\n",
    "separators": b"--x\r\nContent-Disposition: form-data" + b";" * 100_000 + b"\r\n\r\n\r\n--x--\r\n",
}


@pytest.mark.parametrize("body", MULTIPART.values(), ids=MULTIPART.keys())
def test_multipart_malformed(site, browser, body):
    headers = [("Content-Type", "multipart/form-data; boundary=x"), ("X-CSRFToken", browser.token())]
    start = time.monotonic()
    page = browser.send("POST", LOGIN, headers, body)
    assert page.status < 500 and browser.session_key is None and time.monotonic() - start < 3


@pytest.mark.parametrize("kind", ["fields", "files"])
def test_multipart_of_many_parts(site, browser, kind):
    """DATA_UPLOAD_MAX_NUMBER_FIELDS holds for both, and soon."""
    headers = [("Content-Type", "multipart/form-data; boundary=x"), ("X-CSRFToken", browser.token())]
    name = b'f"; filename="a' if kind == "files" else b"f"
    start = time.monotonic()
    page = browser.send("POST", LOGIN, headers, part(name, b"") * 20_000 + b"--x--\r\n")
    assert page.status in (400, 413) and time.monotonic() - start < 3
    assert browser.session_key is None


def test_content_type_parameters(site, browser):
    """A Content-Type of many parameters is read once, not once for each of them."""
    token = browser.token()
    for parameters in (";" * 7000, '; a="b"' * 900, "; a*0=b" * 900, '; boundary="' + '\\"' * 3000,
                       '; a="' + ";" * 6000, "; charset=utf-7", "; charset=utf-16", '; charset="' + "\\" * 5000):
        for kind in (FORM_TYPE, "multipart/form-data", "text/plain"):
            start = time.monotonic()
            body = f"csrfmiddlewaretoken={token}".encode()
            page = browser.send("POST", LOGIN, [("Content-Type", kind + parameters), ("X-CSRFToken", token)], body)
            assert page.status < 500 and browser.session_key is None and time.monotonic() - start < 2


def test_duplicate_params(site, browser):
    """Of fields and headers that stand twice one counts, the same each time, and many of them cost no time."""
    token = browser.token()
    fields = [("csrfmiddlewaretoken", token), ("username", "mallory"), *site.fields("alice").items()]
    page = browser.post(LOGIN, "&".join(f"{name}={value}" for name, value in fields).replace(" ", "+").encode())
    assert site.let_in(page) and site.who(browser) == "alice"
    start = time.monotonic()
    many = b"&".join([b"username=x"] * 990)
    assert browser.post(LOGIN, many, [("X-CSRFToken", browser.token())]).status < 500
    assert site.request("GET", FORM, [("X-Many", "a" * 50)] * 100).status in (200, 400, 431)
    assert site.request("GET", f"{FORM}?{'a=b&' * 900}").status in (200, 400)
    assert time.monotonic() - start < 3


RAW = [b"%", b"%%%%%", b"%zz", b"%4", b"%ff%fe", b"\xff\xfe", b"%C3%28", b"%25" * 200_000, b"%" * 500_000,
       b"%2525252525252541" * 9, b"%u0041", b"+" * 500_000, b"%ed%a0%80", b"%f8%88%80%80%80"]


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: ascii(raw[:20]))
def test_percent_encoding_in_body(site, browser, raw):
    start = time.monotonic()
    body = b"csrfmiddlewaretoken=" + browser.token().encode() + b"&password=x&username=" + raw + b"&" + raw + b"=1"
    page = browser.post(LOGIN, body)
    assert page.status < 500 and time.monotonic() - start < 3


PATHS = ["/%", "/%zz", "/%00", "/myapp%00/connection/", "/myapp/connection/%0a", "/myapp/connection/%0aX",
         "/myapp/%0aconnection/", "/%2e%2e/%2e%2e/etc/passwd", "/myapp/..%2f..%2fetc/passwd",
         "/myapp/../../../etc/passwd", "/myapp/connection/..%5c", "/%c0%ae%c0%ae/", "/%ff%fe", "//myapp/connection/",
         "/myapp//connection/", "/myapp/./connection/", "/myapp/connection/?%", "/myapp/connection/?%00",
         "/myapp/connection/?a=%zz&%ff=%fe", "/" + "a" * 1500, "/" + "%41" * 600]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
def test_percent_encoding_in_path_and_query(site, path):
    page = site.request("GET", path)
    assert page.status in (200, 301, 400, 404, 414) and leaks_nothing(page) and "root:" not in page.text
    assert page.status != 200 or page.is_form


def test_long_password_no_cpu_dos(site, browser, stack):
    """A password of two megabytes is refused or hashed once, and others wait for nothing."""
    site.login(browser)
    start = time.monotonic()
    page = site.post_login(site.browser(), "alice", password="x" * 2_400_000)
    assert page.status < 500 and time.monotonic() - start < 4
    start = time.monotonic()
    assert site.who(browser) == "alice" and time.monotonic() - start < 1
    junk = "".join(random.choices("abc\u00e9\U0001f600", k=20_000))
    assert site.post_login(site.browser(), junk, password=junk).status < 500
