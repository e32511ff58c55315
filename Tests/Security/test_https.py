"""The site as in production: nginx's own files, with TLS, and cookies that are Secure."""

import os
import socket
import ssl
import warnings
from dataclasses import dataclass

import client
import production
import pytest
from stack import accepts, end, free_port, wait_until
from website import FORM, LOGIN, LOGOUT, leaks_nothing


@dataclass
class Secure(client.Browser):
    """A browser whose connections are TLS."""

    host: str = "example.org"

    def send(self, method, path, headers=(), body=b"", timeout=20):
        cookies = [("Cookie",
                    "; ".join(f"{name}={value}" for name, value in self.cookies.items()))] if self.cookies else []
        own = [("Host", self.host), *headers, *cookies, ("Connection", "close")]
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), timeout) as plain:
            with context.wrap_socket(plain, server_hostname=self.host) as sock:
                page = client.exchange(sock, client.compose(method, path, own, body), method)
        for text in page.every("Set-Cookie"):
            name, value = text.split(";", 1)[0].split("=", 1)
            self.cookies[name] = value
        return page


@pytest.fixture(scope="module")
def ports(stack):
    """The ports of http and https."""
    directory = stack.directory / "production"
    stack.own(directory)
    http, https = free_port(), free_port()
    settings = {"SESSION_COOKIE_SECURE": "True", "CSRF_COOKIE_SECURE": "True", "ALLOWED_HOSTS": '["example.org"]'}
    settings |= {"AUTHENTICATION": "any", "AUTHENTICATION_ANY_FORCE": "True"}
    with stack.worker(**settings) as (_, address):
        production.write(directory, http, https, address)
        for path in directory.iterdir():
            if stack.owner:
                os.chown(path, stack.owner["user"], stack.owner["group"])
        words = ["-p", directory, "-c", directory / "nginx.conf", "-e", stack.directory / "log/nginx-production.log"]
        nginx = stack.spawn("/usr/sbin/nginx", *words, "-g", "daemon off;", log="nginx.out")
        try:
            wait_until(lambda: accepts(("127.0.0.1", https)), what="nginx")
            yield http, https
        finally:
            end(nginx)


def form_token(browser):
    return client.TOKEN.search(browser.get(FORM).text)[1]


def test_cookie_flags_over_https(ports):
    """Every cookie over HTTPS is Secure, the one that deletes too; HTTP leads to HTTPS and sets none."""
    http, https = ports
    browser, own = Secure(https), [("Referer", f"https://example.org{FORM}")]
    form = browser.get(FORM)
    page = browser.post(LOGIN, {"csrfmiddlewaretoken": form_token(browser), "username": "alice", "password": "x"}, own)
    assert page.shows("alice")
    gone = browser.post(LOGOUT,
                        {"csrfmiddlewaretoken": form_token(Secure(https,
                                                                  {"csrftoken": browser.cookies["csrftoken"]}))}, own)
    cookies = form.every("Set-Cookie") + page.every("Set-Cookie") + gone.every("Set-Cookie")
    assert len(cookies) >= 4
    for text in cookies:
        assert "; Secure" in text and "SameSite=Lax" in text and "Domain" not in text and "Path=/" in text
    assert int(form.header("Strict-Transport-Security").partition("max-age=")[2].split(";")[0]) >= 31_536_000
    plain = client.request(http, "GET", f"{FORM}?a=b", [("Host", "evil.example")])
    assert plain.status == 308 and plain.header("Location") == f"https://example.org{FORM}?a=b"
    assert not plain.every("Set-Cookie") and leaks_nothing(plain) and leaks_nothing(form)
    foreign = Secure(https, host="evil.example").get(FORM)
    assert foreign.status == 400 and "evil" not in foreign.text


def test_csrf_over_https_needs_a_referer(ports):
    """Through nginx as through FastCGI: https is known from the connection, so the Referer is looked at."""
    _, https = ports
    for referer in ([], [("Referer", "http://example.org/")], [("Referer", "https://evil.example/")]):
        browser = Secure(https)
        fields = {"csrfmiddlewaretoken": form_token(browser), "username": "alice", "password": "x"}
        page = browser.post(LOGIN, fields, referer)
        assert page.status == 403 and page.cookie("sessionid") is None


def test_old_tls_is_refused(ports):
    _, https = ports
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, version
        context.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_connection(("127.0.0.1", https), 5) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(plain, server_hostname="example.org")


def test_guessing_is_slowed_through_nginx(ports):
    """nginx's own limit stands before a flood of logins from one address; pages it leaves alone."""
    _, https = ports
    browser = Secure(https)
    statuses = [browser.post(LOGIN, {"username": "alice", "password": str(number)}).status for number in range(60)]
    assert statuses[:20] == [403] * 20 and statuses[-1] == 429
    assert browser.get(FORM).status == 200
