"""The FastCGI role Authorizer, as a real lighttpd asks for it, and by hand."""

import shutil
from urllib.parse import parse_qs, urlsplit

import fcgi
import pytest
from client import request
from django_accounts import Accounts
from stack import Stack, accepts, end, free_port, wait_until

LIGHTTPD = shutil.which("lighttpd", path="/usr/sbin:/usr/bin:/usr/local/sbin")

CONF = """
server.modules = ("mod_setenv", "mod_fastcgi", "mod_cgi")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{root}"
server.errorlog = "{log}"
mimetype.assign = (".html" => "text/html")
cgi.assign = (".sh" => "/bin/sh")
$HTTP["url"] =~ "^/staff/" {{ setenv.add-environment = ("SESSIOND_REQUIRE" => "staff") }}
$HTTP["url"] =~ "^/wrong/" {{ setenv.add-environment = ("SESSIOND_REQUIRE" => "stuff") }}
$HTTP["url"] =~ "^/cgi/" {{ setenv.add-environment = ("SESSIOND_GROUPS" => "on") }}
fastcgi.server = ("/" => ((
    "socket" => "{socket}", "mode" => "authorizer", "docroot" => "{root}", "check-local" => "disable"
)))
"""


@pytest.fixture(scope="module")
def site(program):
    """A stack with a lighttpd that asks its worker, in front of files and a CGI program."""
    stack = Stack(program, workers=1, AUTHENTICATION="django")
    root = stack.directory / "root"
    for name in ("", "staff", "wrong", "cgi"):
        stack.own(root / name)
        (root / name / "page.html").write_text(f"the page in {name or '/'}")
    (root / "cgi" / "env.sh").write_text("printf 'Content-Type: text/plain\\r\\n\\r\\n'; env\n")
    lighttpd = None
    try:
        stack.start()
        stack.port = free_port()
        conf = stack.directory / "lighttpd.conf"
        log = stack.directory / "log/lighttpd.log"
        conf.write_text(CONF.format(port=stack.port, root=root, log=log, socket=stack.worker_socket))
        lighttpd = stack.spawn(LIGHTTPD, "-D", "-f", conf, log="lighttpd.out")
        wait_until(lambda: accepts(("127.0.0.1", stack.port)), what="lighttpd")
        stack.django = Accounts(stack)
        stack.django.migrate()
        stack.django.make_user("alice")
        stack.django.make_user("bérénice, chief\r\nX: y", is_staff=True, groups=["a,b", "c"])
        yield stack
        stack.django.close()
    finally:
        end(lighttpd)
        stack.stop()


def get(site, path, key=None, method="GET", headers=(), body=b""):
    cookie = [("Cookie", f"sessionid={key}")] if key else []
    return request(site.port, method, path, [*headers, *cookie], body)


def test_a_stranger_is_sent_to_the_login_page(site):
    page = get(site, "/page.html?a=b&c=%26")
    assert page.status == 302 and "the page" not in page.text
    assert parse_qs(urlsplit(page.header("Location")).query) == {"next": ["/page.html?a=b&c=%26"]}
    assert "no-store" in page.header("Cache-Control") and not page.every("Set-Cookie")


def test_a_stranger_s_form_gets_a_401(site):
    page = get(site, "/cgi/env.sh", method="POST", body=b"a=b")
    assert page.status == 401 and "PATH=" not in page.text and not page.header("WWW-Authenticate")


def test_a_session_that_django_made_passes(site):
    key = site.django.log_in("alice")
    for _ in range(3):
        page = get(site, "/page.html", key)
        assert page.status == 200 and page.text == "the page in /"
    assert get(site, "/nothing.html", key).status == 404
    assert get(site, "/page.html", key, method="HEAD").status == 200
    site.django.log_out(key)
    assert get(site, "/page.html", key).status == 302


def test_a_location_asks_for_more(site):
    key = site.django.log_in("alice")
    page = get(site, "/staff/page.html", key)
    assert page.status == 403 and "the page" not in page.text
    site.django.change_user("alice", is_staff=True)
    assert get(site, "/staff/page.html", key).text == "the page in staff"
    site.django.change_user("alice", is_staff=False)
    assert get(site, "/staff/page.html", key).status == 403


def test_a_mistake_in_the_configuration_lets_nobody_in(site):
    page = get(site, "/wrong/page.html", site.django.log_in("alice"))
    assert page.status == 500 and "the page" not in page.text
    assert "SESSIOND_REQUIRE: stuff is none of" in site.log("worker.log")


def variables(page):
    return dict(line.split("=", 1) for line in page.text.splitlines() if "=" in line)


def test_a_program_is_told_who_it_is(site):
    key = site.django.log_in("bérénice, chief\r\nX: y")
    forged = [("Auth-User", "root"), ("Remote-User", "root"), ("Variable-AUTH_USER", "root")]
    told = variables(get(site, "/cgi/env.sh", key, headers=forged))
    assert told["REMOTE_USER"] == told["AUTH_USER"] == "b%C3%A9r%C3%A9nice%2C%20chief%0D%0AX%3A%20y"
    assert told["AUTH_STAFF"] == "true" and told["AUTH_GROUPS"] == "a%2Cb,c"
    assert told["AUTH_USER_ID"] == str(site.django.user("bérénice, chief\r\nX: y"))


def test_a_form_reaches_the_program(site):
    page = get(site, "/cgi/env.sh", site.django.log_in("alice"), method="POST", body=b"x" * 5000)
    told = variables(page)
    assert page.status == 200 and told["REQUEST_METHOD"] == "POST" and told["CONTENT_LENGTH"] == "5000"


def test_nobody_passes_while_the_database_is_away(site):
    key = site.django.log_in("alice")
    site.stop_postgres()
    try:
        page = get(site, "/page.html", key)
        assert page.status == 503 and page.header("Retry-After") and "the page" not in page.text
    finally:
        site.start_postgres()
    assert get(site, "/page.html", key).status == 200


def test_the_answer_is_as_the_specification_has_it(site):
    """Parameters and nothing behind them; a Responder's request on the same connection is one."""
    key = site.django.log_in("alice")
    asked = fcgi.parameters(path="/anything", HTTP_COOKIE=f"sessionid={key}")
    with site.fastcgi() as connection:
        for _ in range(3):
            connection.send(fcgi.begin(role=fcgi.AUTHORIZER) + fcgi.stream(fcgi.PARAMS, fcgi.encode(asked)))
            answer = connection.receive()
            assert answer.status == 200 and not answer.body
            assert dict(answer.headers)["Variable-AUTH_USER"] == "alice"
            assert connection.exchange(path="/session/status").status == 200
