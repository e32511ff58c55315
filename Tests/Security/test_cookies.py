"""Cookies: their flags, how their header is read, and what caches may keep."""

import re
import time

import django_side
import pytest
from website import FORM, LOGIN, LOGOUT, PAGES, key_of, whole


def flags(text):
    first, *rest = text.split("; ")
    return first.partition("=")[0], {word.partition("=")[0].lower(): word.partition("=")[2] for word in rest}, len(text)


def test_cookie_flags(site, browser):
    cookies = site.login(browser).every("Set-Cookie") + site.logout(browser).every("Set-Cookie")
    cookies += site.request("GET", FORM).every("Set-Cookie")
    named = {"sessionid": 0, "csrftoken": 0}
    for text in cookies:
        name, found, size = flags(text)
        named[name] += 1
        assert found["path"] == "/" and found["samesite"] == "Lax" and "domain" not in found and size <= 4096
        # JavaScript may have the CSRF cookie, for the header; Django's default.
        assert name == "csrftoken" or "httponly" in found or found["max-age"] == "0"
        assert "secure" not in found
    assert all(named.values())


def test_key_not_disclosed_in_body_or_headers(site, browser):
    """The key stands in its Set-Cookie and nowhere else; the page that sets it is the only one to hold it at all."""
    page = site.login(browser)
    key = browser.session_key
    assert key in page.cookie("sessionid") and whole(page).count(key) == 1
    for path in [*PAGES, f"{FORM}?a={'b' * 10}"]:
        for method in ("GET", "POST", "OPTIONS", "PUT"):
            if not (method == "GET" and path == LOGOUT):
                assert key not in whole(site.browser(**browser.cookies).send(method, path)), (method, path)


def test_tossed_cookie_of_a_narrow_path_loses(site):
    """A subdomain's cookie for a longer path comes first (RFC 6265, 5.4); the last, ours, counts each time."""
    own, tossed = site.session("alice"), site.session("bob")
    for _ in range(5):
        page = site.request("GET", FORM, [("Cookie", f"sessionid={tossed}; sessionid={own}")])
        assert page.shows("alice") and "bob" not in page.text


TORTURE = {
    "a thousand pairs": "; ".join(f"c{number}=" for number in range(1000)),
    "many separators": ";" * 7000,
    "many equals signs": "=" * 7000,
    "many quotes": '"' * 7000,
    "many backslashes": 'x="' + "\\" * 6000 + '"',
    "many octal escapes": 'x="' + "\\134" * 1500 + '"',
    "an open quote": 'x="abc',
    "no name": "=value",
    "no value": "name",
    "white space": " \t ; \t ;  = ; x",
    "control characters": "a=\x01\x02\x7f",
    "bytes": b"\xff\xfe\xfd=\x80\x81",
    "attributes": "$Version=1; $Path=/; x=y; Path=/; Domain=evil.example; HttpOnly",
    "commas": "a=b, c=d, e=f",
}


@pytest.mark.parametrize("header", TORTURE.values(), ids=TORTURE.keys())
def test_cookie_header_torture(site, header):
    """Whatever stands before it, the session's own cookie counts, or the request is refused; and soon."""
    key = site.session("alice")
    header = header if isinstance(header, bytes) else header.encode()
    start = time.monotonic()
    one = site.request("GET", FORM, [("Cookie", header + b"; sessionid=" + key.encode())])
    two = site.request("GET", FORM, [("Cookie", header), ("Cookie", b"sessionid=" + key.encode())])
    many = site.request("GET", FORM, [("Cookie", b"a=b")] * 60 + [("Cookie", b"sessionid=" + key.encode())])
    assert time.monotonic() - start < 3
    for page in (one, two, many):
        assert page.shows("alice") or page.status in (400, 431)
    assert many.shows("alice")
    alone = site.request("GET", FORM, [("Cookie", header)])
    assert alone.is_form or alone.status in (400, 431)


def test_cookie_value_sets_no_other_cookie(site):
    """Only a semicolon separates: what a third party can put into one cookie's value never becomes another cookie."""
    key = site.session("alice")
    for separator in (",", " ", "\t", "]", "&", "\\", '"', "%3B", "\u00a0", "|", "#", "\x0b"):
        for value in (f"a=b{separator}sessionid={key}", f'a="b{separator}sessionid={key}"',
                      f"a=b{separator} sessionid={key}"):
            assert site.request("GET", FORM, [("Cookie", value)]).is_form, value
            forged = f"a=b{separator}csrftoken={'f' * 32}"
            fields = f"csrfmiddlewaretoken={'f' * 32}&username=alice&password=x".encode()
            headers = [("Cookie", forged), ("Content-Type", "application/x-www-form-urlencoded")]
            assert site.request("POST", LOGIN, headers, fields).status in (400, 403), forged


def stays_out_of_caches(page):
    directives = set(re.split(r",\s*", page.header("Cache-Control")))
    return directives & {"no-store", "private"} and not directives & {"public"} and "s-maxage" not in str(directives)


def test_caching_headers(site, browser):
    """No cache keeps a page that has to do with a session, or any answer that sets a cookie."""
    anonymous = [site.request("GET", path) for path in (FORM, LOGIN)]
    pages = [*anonymous, site.login(browser), browser.get(FORM), browser.get(LOGIN), site.logout(browser)]
    pages.append(browser.post(LOGIN, {"csrfmiddlewaretoken": browser.token(), "username": "", "password": ""}))
    for page in pages:
        assert stays_out_of_caches(page), page.headers
    for page in [anonymous[0], pages[3]]:
        assert "Cookie" in page.header("Vary").split(", ")
    others = [site.browser(**browser.cookies).get(path) for path in (*PAGES, "/myapp/style.css")]
    for page in [*pages, *others]:
        assert not page.every("Set-Cookie") or stays_out_of_caches(page), page.headers
        assert not page.every("Set-Cookie") or "Cookie" in page.header("Vary"), page.headers
    style = site.request("GET", "/myapp/style.css")
    assert "public" in style.header("Cache-Control") and not style.every("Set-Cookie")


@pytest.mark.parametrize("path", [FORM, "/myapp/style.css", "/nothing"])
def test_caching_headers_of_renewed_cookies(demonstration, stack, path):
    """With SESSION_SAVE_EVERY_REQUEST each answer renews the cookie, so each varies by it (CVE-2026-35192)."""
    key = demonstration.session("alice")
    with stack.worker(SESSION_SAVE_EVERY_REQUEST="True") as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange(path=path, HTTP_COOKIE=f"sessionid={key}")
    headers = [(name.lower(), value) for name, value in answer.headers]
    sets = [value for name, value in headers if name == "set-cookie"]
    assert [value for value in sets if value.startswith(f"sessionid={key};")]
    assert "Cookie" in ", ".join(value for name, value in headers if name == "vary")


def test_csrf_cookie_not_reflected(site):
    """The secret that a client brings is not repeated, good or bad, in any page."""
    for secret in ("<script>alert(1)</script>aaaaaaa", "a" * 32, "a" * 64, "'\"><img src=x onerror=alert(1)>"):
        for path in (FORM, LOGIN, LOGOUT, "/nothing"):
            for method in ("GET", "POST"):
                page = site.request(method, path, [("Cookie", f"csrftoken={secret}")])
                assert secret not in page.body.decode(errors="replace"), (method, path)
        again = site.request("GET", FORM, [("Cookie", f"csrftoken={secret}")]).cookie("csrftoken")
        assert re.match(r"csrftoken=[A-Za-z0-9]{32};", again)
        assert secret.isalnum() or secret not in again


def test_security_headers(site, browser):
    expected = {
        "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    pages = {path: site.request("GET", path) for path in (*PAGES, "/myapp/style.css")}
    pages |= {"refused": site.request("POST", LOGIN, [], b"x"), "in": site.login(browser), "second": browser.get(FORM)}
    pages |= {"method": site.request("DELETE", FORM), "host": site.request("GET", FORM, [("Host", "evil.example")])}
    for name, page in pages.items():
        assert {header: page.header(header) for header in expected} == expected, name
        policy = dict(part.strip().partition(" ")[::2] for part in page.header("Content-Security-Policy").split(";"))
        assert {policy[one] for one in ("default-src", "frame-ancestors", "base-uri")} == {"'none'"}
        assert "unsafe-inline" not in str(policy) and policy["form-action"] == "'self'"
        assert len(page.every("Content-Security-Policy")) == len(page.every("X-Frame-Options")) == 1


def test_signed_cookie_over_limit_is_an_error(stack):
    """A session that does not fit into a cookie is an error, not one that a browser drops in silence."""
    secret = "b" * 32
    engine = {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies", "AUTHENTICATION": "any"}
    from django.core import signing

    salt = "django.contrib.sessions.backends.signed_cookies"
    import random

    noise = "".join(random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=3600))
    large = signing.dumps({"basket": noise}, salt=salt, compress=True)
    small = signing.dumps({"basket": "bread"}, salt=salt, compress=True)
    body = f"csrfmiddlewaretoken={secret}&username={'x' * 100}&password=x".encode()
    with stack.worker(**engine) as (_, address), stack.fastcgi(address) as connection:
        good = connection.exchange("POST", LOGIN, body, HTTP_COOKIE=f"csrftoken={secret}; sessionid={small}")
        assert good.status == 200
        sizes = [len(value) for name, value in good.headers if name == "Set-Cookie"]
        assert sizes and max(sizes) <= 4096
        bad = connection.exchange("POST", LOGIN, body, HTTP_COOKIE=f"csrftoken={secret}; sessionid={large}")
        assert bad.status >= 400 or all(len(value) <= 4096 for name, value in bad.headers if name == "Set-Cookie")


def test_forged_signed_cookie_is_anonymous(stack):
    """What cannot be verified is never decoded all the same."""
    from django.core import signing

    salt = "django.contrib.sessions.backends.signed_cookies"
    good = signing.dumps({"username": "alice"}, salt=salt, compress=True)
    data, time_text, signature = good.split(":")
    forgeries = [
        f"{data}:{time_text}", data, f"{data}:{time_text}:", f"{data}::{signature}", f"{data}:{time_text}:{'A' * 43}",
        f"{data}:{time_text}:{signature[:-1]}", f"{data}:{time_text}:{signature}=",
        f"{data[:-1]}:{time_text}:{signature}",
        signing.dumps({"username": "alice"}, key="another key, as long as it has to be", salt=salt),
        signing.dumps({"username": "alice"}, salt="django.contrib.sessions.SessionStore"),
        signing.dumps({"username": "alice"}, salt="django.core.signing"),
        signing.b64_encode(b'{"username": "alice"}').decode(), '{"username": "alice"}',
    ]
    engine = {"SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies", "AUTHENTICATION": "any"}
    with stack.worker(**engine) as (_, address), stack.fastcgi(address) as connection:
        assert b"<strong>alice</strong>" in connection.exchange(HTTP_COOKIE=f"sessionid={good}").body
        for forged in forgeries:
            answer = connection.exchange(HTTP_COOKIE=f"sessionid={forged}")
            assert answer.status == 200 and b'type="password"' in answer.body, forged


ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies"]


@pytest.mark.parametrize("engine", ENGINES)
def test_fixation_on_every_engine(stack, engine):
    """On each engine a login over a planted session, or over a made-up key, gives a key that was never seen before."""
    secret = "b" * 32
    body = f"csrfmiddlewaretoken={secret}&username=alice&password=x".encode()
    with stack.redis() as (_, caches):
        import json

        settings = {"SESSION_ENGINE": f"django.contrib.sessions.backends.{engine}", "AUTHENTICATION": "any"}
        settings |= {"CACHES": json.dumps(caches)} if "cache" in engine else {}
        if engine == "file":
            directory = stack.directory / "fixation"
            stack.own(directory)
            settings["SESSION_FILE_PATH"] = str(directory)
        with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:

            def login(key):
                answer = connection.exchange("POST", LOGIN, body, HTTP_COOKIE=f"csrftoken={secret}; sessionid={key}")
                texts = [value for name, value in answer.headers if value.startswith("sessionid=")]
                return texts[0].split(";")[0].partition("=")[2]

            def knows(key):
                return b"<strong>alice</strong>" in connection.exchange(HTTP_COOKIE=f"sessionid={key}").body

            for planted in ("abcdefghijklmnopqrstuvwxyz012345", "../../../../tmp/planted", "planted:key"):
                assert login(planted) != planted and not knows(planted)
            first = login("")
            second = login(first)
            assert knows(second)
            # A signed cookie is all there is of a session: it has no key, and nobody can end it; the README says so.
            assert engine == "signed_cookies" or second != first and not knows(first)


def test_key_names_no_other_cache_entry(stack):
    """A cookie reaches only what stands under the prefix of sessions, whatever else lies in that Redis."""
    import json
    import pickle

    from redis import Redis

    with stack.redis() as (_, caches):
        redis = Redis(unix_socket_path=caches["default"]["LOCATION"].removeprefix("unix://").partition("?")[0], db=1)
        entry = pickle.dumps({"username": "mallory"})
        redis.set(":1:abcdefghijkl", entry)
        redis.set("abcdefghijkl", entry)
        redis.set(":1:django.contrib.sessions.cacheabcdefghijklmnop", entry)
        engine = {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": json.dumps(caches)}
        with stack.worker(**engine, AUTHENTICATION="any") as (_, address), stack.fastcgi(address) as connection:
            assert b"mallory" in connection.exchange(HTTP_COOKIE="sessionid=abcdefghijklmnop").body
            for key in ("abcdefghijkl", ":1:abcdefghijkl", "../abcdefghijkl", '"\\012abcdefghijkl"',
                        "*bcdefghijklmnop"):
                assert b"mallory" not in connection.exchange(HTTP_COOKIE=f"sessionid={key}").body, key
        assert redis.get(":1:abcdefghijkl") == entry


def test_pickle_in_the_cache_runs_nothing(stack):
    """An entry of the cache that would run a program when Python reads it is no session here, and runs nothing."""
    import json
    import os
    import pickle

    from redis import Redis

    proof = stack.directory / "proof"

    class Exploit:
        def __reduce__(self):
            return os.system, (f"touch {proof}",)

    with stack.redis() as (_, caches):
        redis = Redis(unix_socket_path=caches["default"]["LOCATION"].removeprefix("unix://").partition("?")[0], db=1)
        redis.set(":1:django.contrib.sessions.cacheabcdefghijklmnop",
                  pickle.dumps({"username": "mallory", "x": Exploit()}))
        engine = {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": json.dumps(caches)}
        with stack.worker(**engine, AUTHENTICATION="any") as (_, address), stack.fastcgi(address) as connection:
            answer = connection.exchange(HTTP_COOKIE="sessionid=abcdefghijklmnop")
        assert answer.status in (200, 500) and b"mallory" not in answer.body and not proof.exists()
