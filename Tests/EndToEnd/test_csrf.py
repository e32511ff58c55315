"""The CSRF checks of the login form, in Django's words."""

from urllib.parse import urlencode

import django_side
import pytest
from client import TOKEN

LOGIN = "/myapp/login/"
GOOD = {"username": "alice", "password": "x"}


def refused(stack, browser, page):
    assert page.status == 403 and browser.session_key is None and page.cookie("sessionid") is None
    return stack.is_well()


def test_a_form_without_token_and_cookie_is_refused(stack, browser):
    assert refused(stack, browser, browser.post(LOGIN, GOOD))


def test_a_form_without_its_token_is_refused(stack, browser):
    browser.token()
    assert refused(stack, browser, browser.post(LOGIN, GOOD))


def test_a_form_without_its_cookie_is_refused(stack, browser):
    token = browser.token()
    browser.cookies.clear()
    assert refused(stack, browser, browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token}))


def test_the_token_of_someone_else_is_refused(stack, browser):
    browser.token()
    foreign = stack.browser().token()
    assert refused(stack, browser, browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": foreign}))


LENGTHS = [0, 31, 32, 64, 65, 5000]


@pytest.mark.parametrize("token", [*("a" * length for length in LENGTHS), "-" * 32, "é" * 32, "\0" * 64])
def test_a_made_up_token_is_refused(stack, browser, token):
    browser.token()
    assert refused(stack, browser, browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token}))


@pytest.mark.parametrize("cookie", ["", "a" * 31, "-" * 32, "a" * 63, "a" * 65, "<b>" * 10])
def test_a_made_up_cookie_is_refused_and_not_given_back(stack, browser, cookie):
    token = browser.token()
    browser.cookies["csrftoken"] = cookie
    page = browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token})
    assert refused(stack, browser, page)
    assert not cookie or cookie not in page.text


ORIGINS = ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "x"]


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_foreign_origin_is_refused(stack, browser, origin):
    fields = GOOD | {"csrfmiddlewaretoken": browser.token()}
    page = browser.post(LOGIN, fields, [("Origin", origin.format(port=stack.port))])
    assert refused(stack, browser, page)


@pytest.fixture
def post(stack):
    """Posts the login form to a worker of the test's own, and gives the answer and the line that the log has for it.

    The log bounds what is said again and again, and the other tests here are refused often.
    """
    with stack.worker() as (_, address), stack.fastcgi(address) as connection:
        before = len(stack.log_lines("apart.log"))

        def post(**parameters):
            answer = connection.exchange("POST", LOGIN, urlencode(GOOD).encode(), **parameters)
            lines = stack.log_lines("apart.log")[before:]
            [line] = [line for line in lines if line["logger"] == "django.security.csrf"]
            return answer, line

        yield post


OLD_COOKIE = {"HTTP_COOKIE": "csrftoken=" + "a" * 32}
HINTS = {
    "did not send the cookie": ("CSRF cookie not set.", {"HTTP_COOKIE": "theme=dark"}),
    "out of date": ("CSRF token missing.", OLD_COOKIE),
    "from a page of another site": (
        "Origin checking failed - http://evil.example does not match any trusted origins.",
        OLD_COOKIE | {"HTTP_ORIGIN": "http://evil.example"}),
}


@pytest.mark.parametrize("hint", HINTS)
def test_the_page_says_what_to_do_and_the_log_says_why(post, hint):
    reason, parameters = HINTS[hint]
    answer, line = post(**parameters)
    page = answer.body.decode()
    assert answer.status == 403 and hint in page and 'href="/myapp/connection/"' in page
    assert not any(words in page for words in ("CSRF", "checking failed", "evil"))
    assert (line["level"], line["logger"], line["message"]) == ("warning", "django.security.csrf", "Forbidden")
    assert line["metadata"] == {"path": "/myapp/login/", "reason": reason, "status": "403"}


def test_nothing_that_a_visitor_sends_makes_a_line_of_the_log(stack, post):
    answer, line = post(**OLD_COOKIE, HTTP_ORIGIN=b"http://a\tb\x1b[31m\n\xe9")
    assert answer.status == 403
    assert "Origin checking failed - http://a\\tb\\u{1B}[31m\\n" in line["metadata"]["reason"]
    assert all(" " <= letter <= "~" or letter == "\n" for letter in stack.log("apart.log"))


def test_over_https_a_form_whose_page_is_hidden_is_told_so(stack):
    with stack.worker() as (_, address), stack.fastcgi(address) as connection:
        body = urlencode(GOOD | {"csrfmiddlewaretoken": "a" * 32}).encode()
        answer = connection.exchange("POST", LOGIN, body, HTTPS="on", HTTP_COOKIE="csrftoken=" + "a" * 32)
        assert answer.status == 403 and b"Referer" in answer.body and b"privacy settings" in answer.body


def test_a_proxy_that_ends_tls_is_believed_where_the_settings_name_it(stack):
    proxied = {"HTTP_X_FORWARDED_PROTO": "https, http", "HTTP_COOKIE": "csrftoken=" + "a" * 32}
    proxied |= {"HTTP_X_FORWARDED_HOST": "localhost", "HTTP_ORIGIN": "https://localhost"}
    body = urlencode(GOOD | {"csrfmiddlewaretoken": "a" * 32}).encode()
    settings = {"SECURE_PROXY_SSL_HEADER": '["HTTP_X_FORWARDED_PROTO", "https"]', "USE_X_FORWARDED_HOST": "True"}
    for believed, status in (({}, 403), (settings, 200)):
        with stack.worker(**believed) as (_, address), stack.fastcgi(address) as connection:
            assert connection.exchange("POST", LOGIN, body, HTTP_HOST="127.0.0.1:8000", **proxied).status == status


def test_our_own_origin_with_its_port_is_accepted(stack, browser):
    fields = GOOD | {"csrfmiddlewaretoken": browser.token()}
    assert browser.post(LOGIN, fields, [("Origin", f"http://127.0.0.1:{stack.port}")]).shows("alice")


def test_the_token_may_come_in_a_header(browser):
    assert browser.post(LOGIN, GOOD, [("X-CSRFToken", browser.token())]).shows("alice")


def test_the_bare_secret_is_a_token_too(browser):
    browser.token()
    assert browser.post(LOGIN, GOOD | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}).shows("alice")


def test_django_accepts_our_tokens_and_we_accept_those_of_django(stack, browser):
    from django.http import HttpRequest, QueryDict
    from django.middleware.csrf import CsrfViewMiddleware, get_token

    def refuses(token):
        request = HttpRequest()
        request.method, request.COOKIES = "POST", {"csrftoken": browser.cookies["csrftoken"]}
        request.POST = QueryDict(urlencode({"csrfmiddlewaretoken": token}))
        middleware = CsrfViewMiddleware(lambda request: None)
        middleware.process_request(request)
        return middleware.process_view(request, lambda request: None, (), {})

    assert refuses(browser.token()) is None and refuses(stack.browser().token()).status_code == 403
    theirs = HttpRequest()
    token = get_token(theirs)
    visitor = stack.browser(csrftoken=theirs.META["CSRF_COOKIE"])
    assert visitor.post(LOGIN, GOOD | {"csrfmiddlewaretoken": token}).shows("alice")
    assert visitor.cookies["csrftoken"] != theirs.META["CSRF_COOKIE"]


def test_each_page_masks_the_token_anew(browser):
    assert browser.token() != browser.token()


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "application/x-www-form-urlencoded; a=b", ""])
def test_the_content_type_opens_no_way_around(stack, browser, kind):
    browser.token()
    page = browser.send("POST", LOGIN, [("Content-Type", kind)], b"username=alice&password=x")
    assert refused(stack, browser, page)


def test_the_secret_may_lie_in_the_session(stack):
    with stack.worker(CSRF_USE_SESSIONS="True") as (_, address), stack.fastcgi(address) as connection:
        form = connection.exchange()
        (cookie,) = [value for name, value in form.headers if name == "Set-Cookie"]
        assert cookie.startswith("sessionid=")
        cookie = {"HTTP_COOKIE": cookie.partition(";")[0]}
        secret = django_side.decoded(cookie["HTTP_COOKIE"].partition("=")[2])["_csrftoken"]
        token = TOKEN.search(form.body.decode()).group(1)
        assert len(secret) == 32 and secret not in form.body.decode()
        body = urlencode(GOOD | {"csrfmiddlewaretoken": token}).encode()
        assert connection.exchange("POST", LOGIN, body).status == 403
        answer = connection.exchange("POST", LOGIN, body, **cookie)
        assert answer.status == 200 and b"<strong>alice</strong>" in answer.body
        # The login made a new secret.
        key = next(value for name, value in answer.headers if name == "Set-Cookie").partition(";")[0].partition("=")[2]
        data = django_side.decoded(key)
        assert data["username"] == "alice" and data["_csrftoken"] != secret
