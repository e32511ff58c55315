"""What Django users expect around the views: redirects, error pages, HEAD, headers, escaping, limits of forms."""

import re

import pytest

FORM, LOGIN, LOGOUT = "/myapp/connection/", "/myapp/login/", "/myapp/logout/"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def multipart(fields, boundary="frontier", end=True):
    body = b""
    for name, value in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    return f"multipart/form-data; boundary={boundary}", body + (f"--{boundary}--\r\n".encode() if end else b"")


@pytest.mark.parametrize("path", [FORM, LOGIN, LOGOUT])
def test_a_missing_slash_redirects_and_keeps_the_query(browser, path):
    page = browser.get(path.rstrip("/") + "?next=%2Fx&b=1")
    assert page.status == 301 and page.header("Location").endswith(f"{path}?next=%2Fx&b=1")


@pytest.mark.parametrize("path", ["/", "/myapp/", "/nothing", f"{FORM}more/", f"{FORM}%0a", "/%ff"])
def test_an_unknown_path_is_404(stack, browser, path):
    page = browser.get(path)
    assert page.status == 404 and page.header("Content-Type") == "text/html; charset=utf-8"
    assert stack.is_well()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", [FORM, LOGIN])
def test_another_method_is_405_and_names_the_allowed_ones(browser, method, path):
    page = browser.send(method, path)
    if page.status == 403:  # the CSRF check stands before the view, as in Django
        page = browser.send(method, path, [("X-CSRFToken", browser.token())])
    assert page.status == 405 and "GET" in page.header("Allow").split(", ")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW"])
def test_an_odd_method_does_not_reach_the_worker(browser, method):
    assert browser.send(method, FORM).status in (400, 405)


@pytest.mark.parametrize("path", [FORM, "/nothing", "/myapp/style.css"])
def test_head_is_answered_as_get_without_the_body(stack, path):
    head, get = stack.request("HEAD", path), stack.request("GET", path)
    assert head.status == get.status and head.body == b"" and get.body
    assert head.header("Content-Type") == get.header("Content-Type")


@pytest.mark.parametrize("path", [FORM, LOGIN, LOGOUT, "/nothing", "/myapp/connection", "/myapp/style.css"])
def test_every_response_carries_the_security_headers(browser, path):
    page = browser.get(path)
    assert {name: page.header(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "default-src 'none'" in page.header("Content-Security-Policy")


def test_a_refused_form_carries_the_security_headers_too(browser):
    page = browser.post(LOGIN, {"username": "alice", "password": "x"})
    assert page.status == 403
    assert {name: page.header(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_logged_in_pages_stay_out_of_shared_caches(browser):
    for page in (browser.login("alice"), browser.get(FORM), browser.get(LOGOUT)):
        assert re.search("no-store|private", page.header("Cache-Control")), page.headers
    assert "Cookie" in browser.get(FORM).header("Vary").split(", ")


def test_the_pages_name_no_version(browser):
    for page in (browser.get(FORM), browser.get("/nothing"), browser.send("TRACE", FORM)):
        assert page.header("Server") in ("", "nginx") and page.header("X-Powered-By") == ""


@pytest.mark.parametrize(
    ("username", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("Tom & \"Jerry's\"", "Tom &amp; &quot;Jerry&#x27;s&quot;"),
        ("{{ username }}{% csrf_token %}", "{{ username }}{% csrf_token %}"),
        ("Robert'); DROP TABLE django_session;--", "Robert&#x27;); DROP TABLE django_session;--"),
        ("a\r\nSet-Cookie: stolen=1", "a\r\nSet-Cookie: stolen=1"),
    ],
    ids=["a script", "the five characters", "template tags", "SQL", "a line break"],
)
def test_a_username_is_text_and_nothing_else(stack, browser, username, html):
    page = browser.login(username)
    assert page.shows(html) and browser.get(FORM).shows(html)
    assert page.cookie("stolen") is None
    assert stack.sql("SELECT count(*) FROM django_session")[0][0] > 0


def test_the_form_is_labelled_and_says_its_language(browser):
    html = browser.get(FORM).text
    assert "<html lang=" in html
    for name in ("username", "password"):
        identity = re.search(rf'<input[^>]*name="?{name}"?[^>]*>', html)[0]
        identity = re.search(r'id="?([\w-]+)', identity)[1]
        assert re.search(rf'<label[^>]*for="?{identity}', html)


def test_the_stylesheet_is_served(browser):
    page = browser.get("/myapp/style.css")
    assert page.status == 200 and page.header("Content-Type").startswith("text/css")
    assert "/myapp/style.css" in browser.get(FORM).text


def test_a_multipart_form_logs_in(browser):
    fields = {"csrfmiddlewaretoken": browser.token(), "username": "Zoë", "password": "x"}
    kind, body = multipart(fields)
    page = browser.send("POST", LOGIN, [("Content-Type", kind)], body)
    assert page.shows("Zoë")


def test_a_multipart_form_without_its_end_is_400(stack, browser):
    fields = {"csrfmiddlewaretoken": browser.token(), "username": "alice", "password": "x" * 3000}
    kind, body = multipart(fields, end=False)
    page = browser.send("POST", LOGIN, [("Content-Type", kind)], body[:-200])
    assert page.status in (400, 403) and browser.session_key is None
    assert stack.is_well()


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "b" * 300])
def test_a_multipart_form_without_a_good_boundary_logs_nobody_in(stack, browser, boundary):
    headers = [("Content-Type", f"multipart/form-data{boundary}"), ("X-CSRFToken", browser.token())]
    page = browser.send("POST", LOGIN, headers, b"--x\r\n\r\n--x--\r\n")
    assert page.status in (400, 403) and browser.session_key is None
    assert stack.is_well()


@pytest.mark.parametrize(("fields", "status"), [(900, 200), (2000, 400)])
def test_a_form_may_have_a_thousand_fields(stack, browser, fields, status):
    good = {"csrfmiddlewaretoken": browser.token(), "username": "alice", "password": "x"}
    page = browser.post(LOGIN, good | {f"field{number}": "" for number in range(fields)})
    assert page.status == status
    assert stack.is_well()


@pytest.mark.parametrize("size", [2_621_441, 2_900_000, 4_000_000, 20_000_000])
@pytest.mark.parametrize("path", [FORM, LOGIN, LOGOUT, "/nothing"])
def test_a_body_past_the_limit_is_refused_at_every_path(stack, browser, size, path):
    token = browser.token()
    page = browser.post(path, b"csrfmiddlewaretoken=" + token.encode() + b"&username=alice&password=" + b"x" * size)
    # A path or a method that can never succeed is told so first.
    assert page.status == {"/nothing": 404, FORM: 405}.get(path, 413) or page.status == 413
    assert browser.session_key is None and stack.is_well()


def test_a_body_below_the_limit_is_read(browser):
    fields = {"csrfmiddlewaretoken": browser.token(), "username": "alice", "password": "x" * 2_600_000}
    assert browser.post(LOGIN, fields).shows("alice")


@pytest.mark.parametrize("raw", [b"%", b"%zz", b"%4", b"%ff%fe", b"\xff\xfe", b"%C3%28", b"a%00b"])
def test_an_odd_percent_encoding_harms_nobody(stack, browser, raw):
    body = b"csrfmiddlewaretoken=" + browser.token().encode() + b"&password=x&username=" + raw
    page = browser.post(LOGIN, body)
    assert page.status == 200
    assert page.shows("not logged in") == (raw == b"a%00b")
    assert browser.get("/myapp/connection/?a=" + raw.decode("latin-1").encode("ascii", "ignore").decode()).status == 200
    assert stack.is_well()


def test_a_chunked_body_is_read_whole(browser):
    body = f"csrfmiddlewaretoken={browser.token()}&username=alice&password=x".encode()
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[place : place + 1]) for place in range(len(body))) + b"0\r\n\r\n"
    form = "application/x-www-form-urlencoded"
    page = browser.send("POST", LOGIN, [("Content-Type", form), ("Transfer-Encoding", "chunked")], chunks)
    assert page.shows("alice")


@pytest.mark.parametrize("place", ["path", "query", "header"])
def test_a_line_break_never_becomes_a_header(stack, browser, place):
    attack = "%0d%0aSet-Cookie:%20stolen=1"
    pages = {
        "path": lambda: browser.get(f"/myapp/connection{attack}"),
        "query": lambda: browser.get(f"/myapp/connection?next={attack}"),
        "header": lambda: browser.get(FORM, [("Cookie", "csrftoken=\"a\\015\\012Set-Cookie: stolen=1\"")]),
    }
    assert pages[place]().cookie("stolen") is None
    assert stack.is_well()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:99999999", "a b", "localhost.evil.example", "[::1", ""])
def test_a_foreign_host_gets_no_page(stack, host):
    page = stack.request("GET", "/myapp/connection", [("Host", host)])
    assert "evil" not in page.header("Location")
    page = stack.request("GET", FORM, [("Host", host)])
    assert page.status in (200, 400) and ("evil" not in host or page.status == 400)
