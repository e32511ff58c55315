"""Who a client is, how it came and where it goes next are never its own word."""

import socket

import client
import pytest
from website import FORM, LOGIN, LOGOUT, leaks_nothing, whole

NAMES = ["X-User", "X_User", "Remote-User", "Remote_User", "REMOTE_USER", "X-Remote-User", "X-Forwarded-User",
         "X-Auth-User", "X_Auth_User", "X-Auth-User-Id", "X-Auth-Groups", "X-Auth-Staff", "Auth-User", "Authorization",
         "X-Authenticated-User", "X-Webauth-User", "X-Original-URL", "X-Rewrite-URL", "X-Original-URI", "Proxy",
         "Proxy-Authorization"]


@pytest.mark.parametrize("name", NAMES)
def test_identity_headers_ignored(site, browser, name):
    """Nobody becomes somebody by a header; in whatever spelling, once or twice, beside a session or alone."""
    for value in ("alice", "root", "1", "/myapp/logout/"):
        assert site.request("GET", FORM, [(name, value)]).is_form
        twice = site.request("GET", FORM, [(name, ""), (name, value)])
        assert twice.is_form or twice.status == 400
    site.login(browser)
    for headers in ([(name, "bob")], [(name, "bob"), (name.replace("-", "_").lower(), "bob")]):
        page = browser.get(FORM, headers)
        # nginx refuses two Authorization headers.
        assert (page.shows("alice") or page.status == 400) and "bob" not in whole(page)


PROXIES = [
    [("X-Forwarded-Proto", "https")], [("X-Forwarded-Ssl", "on")], [("Front-End-Https", "on")], [("Https", "on")],
    [("X-Forwarded-Protocol", "https")], [("X-Url-Scheme", "https")], [("Forwarded", "proto=https;host=evil.example")],
    [("X_Forwarded_Proto", "https")], [("X-Forwarded-Port", "443")], [("HTTPS", "on")],
]


@pytest.mark.parametrize("headers", PROXIES, ids=lambda headers: headers[0][0])
def test_scheme_is_not_the_clients_word(site, browser, headers):
    """A client does not turn http into https: an Origin of https stays foreign, no cookie becomes Secure."""
    fields = site.fields("alice") | {"csrfmiddlewaretoken": browser.token()}
    origin = ("Origin", f"https://127.0.0.1:{site.stack.port}")
    page = browser.post(LOGIN, fields, [*headers, origin])
    assert page.status == 403 and browser.session_key is None
    page = site.post_login(browser, "alice", headers)
    assert site.let_in(page) and not any("Secure" in text for text in page.every("Set-Cookie"))


def test_https_redirect_is_not_lifted_by_a_header(stack):
    """With SECURE_SSL_REDIRECT a request over http is sent to https, whatever it claims."""
    settings = {"SECURE_SSL_REDIRECT": "True", "AUTHENTICATION": "any"}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        for name in ("HTTP_X_FORWARDED_PROTO", "HTTP_HTTPS", "HTTP_X_FORWARDED_SSL", "HTTP_FRONT_END_HTTPS"):
            answer = connection.exchange(**{name: "https"})
            assert answer.status == 301 and dict(answer.headers)["Location"] == f"https://127.0.0.1{FORM}"
        assert connection.exchange(HTTPS="on").status == 200


HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil.example:{port}",
         "127.0.0.1:{port}@evil.example", "evil.example#127.0.0.1", "evil.example/127.0.0.1", "127.0.0.1,evil.example",
         "127.0.0.1 evil.example", "[::1", "[::1]evil", "127.0.0.1:99999999x", "127.0.0.1:evil.example",
         "\u0131ocalhost", "xn--evil.example", ".evil.example", "evil.example.", "127.0.0.2", "0x7f.1", "2130706433",
         "a" * 3000]


@pytest.mark.parametrize("host", HOSTS)
def test_host_header_poisoning(site, stack, host):
    """A Host that is not ours gets no page and stands in no redirect; nor does one that other headers name."""
    host = host.format(port=site.stack.port)
    for path in (FORM, "/myapp/connection", LOGIN, LOGOUT):
        page = site.request("GET", path, [("Host", host.encode())])
        # nginx routes by what it understands of a Host, and hands over no more than that.
        assert page.status == 400 or host.startswith(("127.0.0.1:", "[::1]")), (path, page.status)
        assert host not in whole(page) and "evil" not in whole(page) and leaks_nothing(page)
        with stack.fastcgi(site.stack.worker_socket) as connection:
            answer = connection.exchange(path=path, HTTP_HOST=host)
            assert answer.status == 400 and host.encode() not in answer.output
    for name in ("X-Forwarded-Host", "X-Host", "X-Forwarded-Server", "X-HTTP-Host-Override", "Forwarded",
                 "X_Forwarded_Host"):
        page = site.request("GET", "/myapp/connection", [(name, host.encode())])
        assert page.status == 301 and "evil" not in page.header("Location"), name


def test_host_header_twice_or_in_the_request_line(site):
    """Two hosts, or one in the request line that differs: refused, or the one that nginx routes by."""
    own = f"127.0.0.1:{site.stack.port}"
    page = site.request("GET", "/myapp/connection", [("Host", own), ("Host", "evil.example")])
    assert page.status == 400
    for target, host in ((f"http://{own}/myapp/connection", "evil.example"),
                         ("http://evil.example/myapp/connection", own)):
        page = site.request("GET", target, [("Host", host)])
        assert page.status == 400 or "evil" not in page.header("Location"), (target, page.header("Location"))
        # What the request line names counts alone (RFC 9112, 3.2.2).
        assert (page.status == 301) == (own in target)
    with socket.create_connection(("127.0.0.1", site.stack.port), timeout=5) as sock:
        assert client.exchange(sock, b"GET /myapp/connection HTTP/1.1\r\nConnection: close\r\n\r\n").status == 400
    with socket.create_connection(("127.0.0.1", site.stack.port), timeout=5) as sock:
        assert "evil" not in client.exchange(sock, b"GET /myapp/connection HTTP/1.0\r\n\r\n").header("Location")


PATHS = ["//evil.example", "//evil.example/", "//evil.example/myapp/connection", "///evil.example/..",
         "/\\evil.example", "/%5cevil.example", "/%2fevil.example/myapp/connection",
         "//evil.example/%2e%2e/myapp/connection", "/myapp/connection//evil.example", "/%09/evil.example",
         "/myapp/..//evil.example", "//evil.example/..;/myapp/connection", "/.evil.example", "/@evil.example"]


@pytest.mark.parametrize("path", PATHS)
def test_append_slash_stays_here(site, stack, path):
    """The redirect to a path with its slash never leads to another host."""
    page = site.request("GET", path)
    assert page.status in (301, 400, 404)
    location = page.header("Location")
    assert not location or (location.startswith("/") and location[1:2] not in ("/", "\\"))
    with stack.fastcgi() as connection:
        location = dict(connection.exchange(path=path).headers).get("Location", "/x")
        assert location.startswith("/") and location[1:2] not in ("/", "\\")
