"""The gate: nginx's auth_request with the worked configuration in nginx/, beside a real Django that owns the accounts."""

import itertools
import json
import re
import shutil
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import fcgi
import pytest
from django_accounts import Accounts
from stack import Stack, wait_until
from webdriver import Chromium

VERIFY = "/session/verify"


class Service(BaseHTTPRequestHandler):
    """The guarded service: tells which headers reached it, and answers /status/NNN with that status."""

    def do_GET(self):
        length = int(self.headers.get("Content-Length") or 0)
        told = {"method": self.command, "path": self.path, "body": self.rfile.read(length).decode()}
        told["headers"] = [[name, value] for name, value in self.headers.items()]
        body = json.dumps(told).encode()
        found = re.fullmatch("/status/([0-9]+)", self.path)
        self.send_response(int(found.group(1)) if found else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, *_):
        pass


EXTRA = """
    include sessiond_gate.conf;
    include sessiond_gate_example.conf;
    location /superusers/ { set $sessiond_require superuser; include sessiond_guard.conf; alias /srv/files/; }
    location /renders/    { set $sessiond_require "group:Rendered%20by%2C%20R%C3%A9mi"; include sessiond_guard.conf;
                            alias /srv/files/; }
    location /viewers/    { set $sessiond_require permission:auth.view_user; include sessiond_guard.conf;
                            alias /srv/files/; }
    location /forgotten/  { include sessiond_guard.conf; alias /srv/files/; }
    location /mistyped/   { set $sessiond_require grup:editors; include sessiond_guard.conf; alias /srv/files/; }
"""


@pytest.fixture(scope="module", params=["without a list of sessions", "with a list of sessions"])
def gate(request, program):
    """A stack whose nginx guards what sessiond_gate_example.conf shows, with files and a service behind it.

    The list of sessions tells the worker beforehand whose a session is, and nobody may notice.
    """
    stack = Stack(program, AUTHENTICATION="django", SESSION_SAVE_EVERY_REQUEST="True")
    service = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    for name in ("files", "drafts"):
        stack.own(stack.directory / name)
        (stack.directory / name / "page.html").write_text(f"the {name}")
    stack.locations = EXTRA
    stack.replacements = {"/srv/": f"{stack.directory}/", "127.0.0.1:9000": f"127.0.0.1:{service.server_port}"}
    try:
        stack.start()
        stack.django = Accounts(stack)
        stack.django.migrate()
        stack.django.make_user("alice")
        stack.has_list = request.param.startswith("with a")
        if stack.has_list:
            keep_list(stack)
        yield stack
        stack.django.close()
    finally:
        service.shutdown()
        stack.stop()


def keep_list(stack):
    migrated = stack.sessiond("migrate", "--session-list")
    assert migrated.returncode == 0, migrated.stderr
    stack.stop_workers()
    stack.start_workers(2)
    log_in = stack.django.log_in

    def listed(*names, **values):
        key = log_in(*names, **values)
        changes = "SELECT count(*) FROM sessiond_session_change WHERE session_key = %s"
        wait_until(lambda: stack.sql(changes, [key])[0][0] == 0, what="the list of sessions")
        return key

    stack.django.log_in = listed


@pytest.fixture
def django(gate):
    return gate.django


numbers = itertools.count(1)


@pytest.fixture
def number():
    """A new number for each test, for names of its own."""
    return next(numbers)


def get(gate, path, key=None, headers=(), method="GET", body=b""):
    cookie = [("Cookie", f"sessionid={key}")] if key else []
    return gate.request(method, path, [*headers, *cookie], body)


def seen(gate, key, headers=(), path="/service/x", **named):
    """The headers that reached the service, whose names mean the same to a CGI program, and the values."""
    page = get(gate, path, key, headers, **named)
    assert page.status == 200, page
    told = [(re.sub("[^a-z]", "_", name.lower()), value) for name, value in json.loads(page.text)["headers"]]
    return [(name, value) for name, value in told if name.startswith("x_auth")]


def verify(gate, key=None, **parameters):
    """The worker's own answer, without nginx."""
    cookie = {"HTTP_COOKIE": f"sessionid={key}"} if key else {}
    with gate.fastcgi() as connection:
        return connection.exchange("GET", VERIFY, **cookie, **parameters)


def headers_of(answer):
    return {name: value for name, value in answer.headers if name != "Status"}


# -- who passes


def test_nobody_passes_without_a_session(gate):
    page = get(gate, "/files/page.html")
    assert page.status == 302 and page.header("Location").endswith("?next=/files/page.html")
    assert not page.header("WWW-Authenticate") and not page.every("Set-Cookie")
    for key in ("x" * 32, "no key", "\x00", "'; DROP TABLE auth_user"):
        assert get(gate, "/files/page.html", key).status in (302, 400)


def test_a_session_that_django_made_passes(gate, django):
    key = django.log_in("alice")
    page = get(gate, "/files/page.html", key)
    assert page.status == 200 and page.text == "the files" and page.header("Cache-Control") == "private, no-cache"
    assert not page.every("Set-Cookie")
    assert get(gate, "/files/nothing.html", key).status == 404


def test_more_is_asked_for_than_a_login(gate, django, number):
    name = f"asked{number}"
    django.make_user(name)
    key = django.log_in(name)
    page = get(gate, "/drafts/page.html", key)
    assert page.status == 403 and "Not for this account" in page.text and "no-store" in page.header("Cache-Control")
    assert get(gate, "/superusers/page.html", key).status == 403
    assert get(gate, "/service/", key).status == 403
    django.change_user(name, is_staff=True)
    assert get(gate, "/service/", key).status == 200
    assert get(gate, "/superusers/page.html", key).status == 403
    django.change_user(name, is_superuser=True)
    assert get(gate, "/superusers/page.html", key).status == 200


def test_groups_and_permissions_are_django_s(gate, django, number):
    name = f"grouped{number}"
    django.make_user(name)
    key = django.log_in(name)
    assert get(gate, "/viewers/page.html", key).status == 403
    django.allow_group("viewers", "auth.view_user")
    django.join(name, "viewers")
    assert django.has_permission(name, "auth.view_user")
    assert get(gate, "/viewers/page.html", key).status == 200
    django.forbid_group("viewers", "auth.view_user")
    assert get(gate, "/viewers/page.html", key).status == 403
    assert get(gate, "/renders/page.html", key).status == 403
    django.join(name, "Rendered by, Rémi")
    assert get(gate, "/renders/page.html", key).status == 200
    django.leave(name, "Rendered by, Rémi")
    assert get(gate, "/renders/page.html", key).status == 403


def test_permissions_are_as_django_says(gate, django, number):
    """The user's own, the groups', the superuser's, the inactive one's."""
    django.allow_group(f"adders{number}", "auth.add_user")
    people = {
        f"own{number}": {"permissions": ["auth.view_user"]},
        f"by{number}": {"groups": [f"adders{number}"]},
        f"super{number}": {"is_superuser": True},
        f"none{number}": {},
    }
    for name, facts in people.items():
        django.make_user(name, **facts)
        key = django.log_in(name)
        for permission in ("auth.view_user", "auth.add_user", "sessions.delete_session", "auth.nothing"):
            passes = verify(gate, key, SESSIOND_REQUIRE=f"permission:{permission}").status == 204
            assert passes == django.has_permission(name, permission), (name, permission)
        django.change_user(name, is_active=False)
        assert verify(gate, key, SESSIOND_REQUIRE="permission:auth.view_user").status == 401
        assert not django.has_permission(name, "auth.view_user")


def test_several_requirements_must_all_hold(gate, django, number):
    django.make_user(f"both{number}", is_staff=True, groups=["editors"])
    key = django.log_in(f"both{number}")
    assert verify(gate, key, SESSIOND_REQUIRE="staff group:editors").status == 204
    assert verify(gate, key, SESSIOND_REQUIRE="staff group:readers").status == 403
    assert verify(gate, key, SESSIOND_REQUIRE="superuser group:editors").status == 403
    values = [*fcgi.parameters("GET", VERIFY, HTTP_COOKIE=f"sessionid={key}").items()]
    for words, status in {("staff", "group:editors"): 204, ("staff", "superuser"): 403, ("superuser", "staff"): 403}.items():
        asked = fcgi.encode([*values, *(("SESSIOND_REQUIRE", word) for word in words)])
        with gate.fastcgi() as connection:
            connection.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, asked) + fcgi.stream(fcgi.STDIN, b""))
            assert connection.receive().status == status, words


@pytest.mark.parametrize("path", ["/forgotten/page.html", "/mistyped/page.html"])
def test_a_mistake_in_the_configuration_lets_nobody_in(gate, django, path, number):
    django.make_user(f"root{number}", is_superuser=True, is_staff=True)
    for key in (None, django.log_in(f"root{number}")):
        page = get(gate, path, key)
        assert page.status == 503 and page.header("Retry-After") and "the files" not in page.text
    log = gate.log("worker.log")
    assert "SESSIOND_REQUIRE: grup:editors is none of" in log if "mistyped" in path else "SESSIOND_REQUIRE: it is empty" in log


@pytest.mark.parametrize("words", ["Staff", "staff,superuser", "group:", "permission:blog", "group:%zz", " ", "user\x00"])
def test_a_malformed_requirement_is_an_error(gate, django, words):
    assert verify(gate, django.log_in("alice"), SESSIOND_REQUIRE=words).status in (400, 500)


def test_no_client_can_ask_for_less(gate, django):
    key = django.log_in("alice")
    for name in ("Sessiond-Require", "SESSIOND_REQUIRE", "Sessiond_Require"):
        assert get(gate, "/superusers/page.html", key, [(name, "user")]).status == 403
    assert get(gate, "/superusers/page.html?SESSIOND_REQUIRE=user", key).status == 403


# -- what the service is told


def test_the_service_is_told_who_it_is(gate, django, number):
    name = f"told{number}@example.org"
    identity = django.make_user(name, is_staff=True, groups=["b", "a"])
    told = seen(gate, django.log_in(name))
    assert sorted(told) == [
        ("x_auth_groups", "a,b"), ("x_auth_staff", "true"), ("x_auth_user", name), ("x_auth_user_id", str(identity)),
    ]


FORGERIES = [
    "x\r\nX-Auth-Staff: true", "x\nX-Auth-User: root", "a,b;c", "root\x7f", "rené", "日本語", "%72oot", "a b", "a+b", '"root"',
    "root\\", "\x85next\u2028line", "X-Auth-User: root",
]


@pytest.mark.parametrize("name", FORGERIES)
def test_no_name_forges_a_header_or_splits_a_list(gate, django, name, number):
    username, groups = f"{name}{number}", [f"{name},1", f"{name},2"]
    identity = django.make_user(username, is_staff=True, groups=groups)
    told = seen(gate, django.log_in(username))
    assert len(told) == 4 and dict(told)["x_auth_user_id"] == str(identity)
    assert all(re.fullmatch(r"[A-Za-z0-9._~@%,-]*", value) for _, value in told)
    assert unquote(dict(told)["x_auth_user"]) == username
    assert [unquote(group) for group in dict(told)["x_auth_groups"].split(",")] == sorted(groups)


SPELLINGS = ["X-Auth-User", "x-auth-user", "X_Auth_User", "X-Auth_User", "X.Auth.User", "X-Auth-User-Id", "X_Auth_Groups"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_client_cannot_say_who_it_is(gate, django, spelling, number):
    django.make_user(f"honest{number}", is_staff=True)
    key = django.log_in(f"honest{number}")
    honest = seen(gate, key)
    assert seen(gate, key, [(spelling, "root")]) == honest
    assert seen(gate, key, [(spelling, "root"), (spelling, "root")]) == honest
    assert dict(honest)["x_auth_user"] == f"honest{number}" and "x_auth_groups" not in dict(honest)
    assert get(gate, "/service/", headers=[(spelling, "root")]).status == 302


def test_a_request_keeps_its_method_and_body(gate, django, number):
    django.make_user(f"poster{number}", is_staff=True)
    key = django.log_in(f"poster{number}")
    for method in ("POST", "PUT", "DELETE"):
        for size in (3, 100_000):
            page = get(gate, "/service/y", key, method=method, body=b"x" * size)
            assert page.status == 200 and json.loads(page.text)["method"] == method
            assert json.loads(page.text)["body"] == "x" * size
    assert get(gate, "/files/page.html", key, method="HEAD").status == 200
    assert get(gate, "/service/y", method="POST", body=b"x" * 100_000).status == 401


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
def test_the_service_s_own_answers_pass(gate, django, status, number):
    django.make_user(f"own{number}", is_staff=True)
    page = get(gate, f"/service/status/{status}", django.log_in(f"own{number}"))
    assert page.status == status and json.loads(page.text)["path"] == f"/status/{status}"


def test_groups_are_read_only_where_they_are_asked_for(gate, django, number):
    django.make_user(f"reader{number}", groups=["editors"])
    key = django.log_in(f"reader{number}")
    assert {name for name in headers_of(verify(gate, key)) if name.startswith("X-")} == {
        "X-Auth-User", "X-Auth-User-Id", "X-Auth-Staff",
    }
    assert headers_of(verify(gate, key, SESSIOND_GROUPS="on"))["X-Auth-Groups"] == "editors"
    assert "X-Auth-Groups" not in headers_of(verify(gate, key, SESSIOND_GROUPS="off", SESSIOND_REQUIRE="group:editors"))
    assert verify(gate, key, SESSIOND_GROUPS="maybe").status == 500
    counts = "SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE '%auth_user_groups%' AND query LIKE '%ANY%'"
    before = gate.sql(counts)
    get(gate, "/files/page.html", key)
    assert gate.sql(counts) == before
    get(gate, "/viewers/page.html", key)
    assert gate.sql(counts) != before


# -- the way to the login page and back


@pytest.mark.parametrize(
    "path",
    ["/files/", "/files/a?b=c&next=/evil&d=%26#x", "/files/%2F%25?x=%0d%0aSet-Cookie:a=b", "/files/caf%C3%A9 ?".replace(" ", "%20"),
     "/files/?q=a+b%2Bc", "/files/a;b,c'\"<>"],
)  # fmt: skip
def test_next_is_what_the_visitor_asked_for(gate, path):
    sent = path.split("#")[0]
    page = get(gate, sent)
    assert page.status == 302, page
    location = urlsplit(page.header("Location"))
    assert not location.netloc and parse_qs(location.query, strict_parsing=True) == {"next": [sent]}
    assert not page.every("Set-Cookie") and "no-store" in page.header("Cache-Control")


def test_no_other_site_can_be_next(gate):
    for path in ("//evil.example/files/", "/\\evil.example/files/../../files/"):
        page = get(gate, path)
        if page.status == 302:
            following = parse_qs(urlsplit(page.header("Location")).query).get("next", [""])[0]
            assert not following.startswith("//") and not following.startswith("http")


def test_the_login_page_s_own_address_is_no_loop(gate):
    page = get(gate, "/session/login")
    assert page.status == 302 and "next" not in page.header("Location")


def test_a_login_page_elsewhere_is_told_the_whole_address(gate):
    """As Django's login_required does; of the hosts that clients name only the allowed ones."""
    settings = {"LOGIN_URL": "https://accounts.example.org/login/?next=/x&a=b#form", "ALLOWED_HOSTS": '["files.example.org"]'}
    with gate.worker(**settings) as (_, address), gate.fastcgi(address) as connection:
        asked = {"REQUEST_URI": "/files/?c=d", "HTTP_HOST": "files.example.org:8443", "HTTPS": "on"}
        location = dict(connection.exchange("GET", "/session/login", **asked).headers)["Location"]
        assert location.startswith("https://accounts.example.org/login/?a=b&next=") and location.endswith("#form")
        assert parse_qs(urlsplit(location).query)["next"] == ["https://files.example.org:8443/files/?c=d"]
        assert connection.exchange("GET", "/session/login", **(asked | {"HTTP_HOST": "evil.example"})).status == 400


# -- revocation, at the very next request


def revocations(django, name, key):
    return {
        "logout": lambda: django.log_out(key),
        "deactivation": lambda: django.change_user(name, is_active=False),
        "password change": lambda: django.set_password(name, "another one"),
        "deleted user": lambda: django.delete_user(name),
    }


@pytest.mark.parametrize("how", ["logout", "deactivation", "password change", "deleted user"])
def test_revocation_counts_at_the_next_request(gate, django, how, number):
    name = f"revoked{number}"
    django.make_user(name)
    key = django.log_in(name)
    for _ in range(4):
        assert get(gate, "/files/page.html", key).status == 200
    revocations(django, name, key)[how]()
    for _ in range(4):
        page = get(gate, "/files/page.html", key)
        assert page.status == 302 and not page.every("Set-Cookie")
    assert json.loads(get(gate, "/session/status", key).text) == {"authenticated": False}
    assert not django.who_is(key)


def test_a_deleted_row_counts_at_the_next_request(gate, django):
    key = django.log_in("alice")
    assert get(gate, "/files/page.html", key).status == 200
    gate.sql("DELETE FROM django_session WHERE session_key = %s", [key])
    assert get(gate, "/files/page.html", key).status == 302


def test_an_expired_row_is_no_session(gate, django):
    key = django.log_in("alice")
    gate.sql("UPDATE django_session SET expire_date = now() - interval '1 s' WHERE session_key = %s", [key])
    assert get(gate, "/files/page.html", key).status == 302
    assert gate.row(key)


def test_what_ended_the_login_is_left_to_django(gate, django, number):
    """A session from before a password change is refused and not touched: Django flushes it, when it sees it."""
    name = f"stale{number}"
    django.make_user(name)
    key = django.log_in(name)
    django.set_password(name, "another one")
    row = gate.row(key)
    assert get(gate, "/files/page.html", key).status == 302 and gate.row(key) == row
    assert not django.who_is(key) and gate.row(key) is None


def test_a_session_of_an_older_secret_key_passes_and_is_not_touched(gate, program, number):
    older = Accounts(gate, SECRET_KEY="an older key, which was long enough then as well")
    older.make_user(f"older{number}")
    key = older.log_in(f"older{number}")
    row = gate.row(key)
    fallbacks = json.dumps(["an older key, which was long enough then as well"])
    with gate.worker(SECRET_KEY_FALLBACKS=fallbacks) as (_, address), gate.fastcgi(address) as connection:
        answer = connection.exchange("GET", VERIFY, HTTP_COOKIE=f"sessionid={key}")
    assert answer.status == 204 and gate.row(key) == row
    assert verify(gate, key).status == 401 and gate.row(key) == row
    older.close()


def test_a_backend_that_is_not_ours_does_not_count(gate, django):
    key = django.log_in("alice", _auth_user_backend="other.Backend")
    assert verify(gate, key).status == 401
    for odd in ({"_auth_user_id": "no number"}, {"_auth_user_hash": ""}, {"_auth_user_hash": 7}, {"_auth_user_id": None}):
        assert verify(gate, django.log_in("alice", **odd)).status == 401


# -- nothing changes by asking


def test_asking_changes_nothing(gate, django):
    """Neither does SESSION_SAVE_EVERY_REQUEST, which is on here."""
    key = django.log_in("alice")
    gate.sql("UPDATE django_session SET expire_date = now() + interval '100 s' WHERE session_key = %s", [key])
    rows = gate.sql("SELECT * FROM django_session ORDER BY session_key")
    unknown = "0" * 32
    for visitor in (None, key, unknown):
        for path in ("/files/page.html", VERIFY, "/session/status", "/session/login"):
            for method in ("GET", "HEAD"):
                page = get(gate, path, visitor, method=method)
                assert not page.every("Set-Cookie") and not page.every("WWW-Authenticate"), (path, method)
    assert gate.sql("SELECT * FROM django_session ORDER BY session_key") == rows


def test_two_statements_answer_it_or_one(gate, django):
    key = django.log_in("alice")
    verify(gate, key)
    gate.sql("SELECT pg_stat_statements_reset()")
    assert verify(gate, key).status == 204
    calls = gate.sql(
        "SELECT sum(calls) FROM pg_stat_statements WHERE (query LIKE '%auth_user%' OR query LIKE '%django_session%') "
        "AND query NOT LIKE '%sessiond_session_change%' AND query NOT LIKE '%INSERT INTO sessiond_session%'"
    )
    assert calls[0][0] == (1 if gate.has_list else 2)
    gate.sql("SELECT pg_stat_statements_reset()")
    assert verify(gate, key, SESSIOND_REQUIRE="user", SESSIOND_GROUPS="on").status == 204
    assert gate.sql("SELECT sum(calls) FROM pg_stat_statements WHERE query LIKE '%auth_user%'")[0][0] == 1


def test_the_session_decides_whose_it_is_whatever_the_list_says(gate, django, number):
    names = [f"owner{number}", f"other{number}"]
    for name in names:
        django.make_user(name)
    key = django.log_in(names[0])
    if gate.has_list:
        other = "(SELECT id FROM auth_user WHERE username = %s)"
        gate.sql(f"UPDATE sessiond_session SET user_id = {other} WHERE session_key = %s", [names[1], key])
    answer = verify(gate, key)
    assert answer.status == 204 and headers_of(answer)["X-Auth-User"] == names[0]


def test_only_get_and_head_are_answered(gate, django):
    key = django.log_in("alice")
    assert get(gate, VERIFY, key).status == get(gate, VERIFY, key, method="HEAD").status == 204
    for method in ("POST", "PUT", "DELETE"):
        page = get(gate, VERIFY, key, method=method)
        assert page.status == 405 and page.header("Allow") == "GET, HEAD, OPTIONS"
    assert get(gate, "/_sessiond/verify", key).status == 404


# -- the status


def test_the_status_says_who_and_how_long(gate, django):
    key = django.log_in("alice")
    gate.sql("UPDATE django_session SET expire_date = now() + interval '100 s' WHERE session_key = %s", [key])
    page = get(gate, "/session/status", key)
    assert page.header("Content-Type") == "application/json" and "no-store" in page.header("Cache-Control")
    assert page.header("X-Content-Type-Options") == "nosniff"
    assert not page.header("Access-Control-Allow-Origin") and not page.every("Set-Cookie")
    told = json.loads(page.text)
    assert told["authenticated"] is True and told["username"] == "alice" and told["id"] == django.user("alice")
    assert 95 <= told["seconds_left"] <= 100
    left = (datetime.fromisoformat(told["expires"]) - datetime.now(timezone.utc)).total_seconds()
    assert 95 <= left <= 100
    time.sleep(1.1)
    assert json.loads(get(gate, "/session/status", key).text)["expires"] == told["expires"]


def test_the_status_of_a_stranger_says_no_more(gate):
    for key in (None, "0" * 32):
        page = get(gate, "/session/status", key)
        assert page.status == 200 and json.loads(page.text) == {"authenticated": False}
        assert "no-store" in page.header("Cache-Control") and not page.every("Set-Cookie")
    assert get(gate, "/session/status", headers=[("Host", "evil.example")]).status == 400
    assert get(gate, "/session/status", method="POST").status == 405


# -- when something is away


def test_nobody_passes_while_the_database_is_away(gate, django):
    key = django.log_in("alice")
    gate.stop_postgres()
    try:
        page = get(gate, "/files/page.html", key)
        assert page.status == 503 and page.header("Retry-After") and "One moment" in page.text
        assert verify(gate, key).status == 503
        assert get(gate, "/files/page.html").status == 302
    finally:
        gate.start_postgres()
    assert get(gate, "/files/page.html", key).status == 200


def test_nobody_passes_while_the_worker_is_away(gate, django):
    key = django.log_in("alice")
    gate.stop_workers()
    gate.listener.close()
    try:
        page = get(gate, "/files/page.html", key)
        assert page.status == 503 and page.header("Retry-After") and "the files" not in page.text
    finally:
        (gate.run / "worker.sock").unlink()
        gate.listener = None
        gate.start_workers(2)
    assert get(gate, "/files/page.html", key).status == 200


def test_without_accounts_there_is_no_gate(gate, django):
    key = django.log_in("alice")
    with gate.worker(AUTHENTICATION="any") as (_, address), gate.fastcgi(address) as connection:
        assert connection.exchange("GET", VERIFY, HTTP_COOKIE=f"sessionid={key}").status == 404
        connection.send(fcgi.begin(role=fcgi.AUTHORIZER) + fcgi.stream(fcgi.PARAMS, fcgi.encode(fcgi.parameters())))
        assert connection.receive().protocol_status == fcgi.UNKNOWN_ROLE


# -- by clicking


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="chromium-driver is not installed")
def test_a_browser_comes_from_a_guarded_page_to_the_login_and_back(gate, django, number, tmp_path):
    name = f"clicker{number}"
    django.make_user(name)
    django.set_password(name, "correct horse", hasher="pbkdf2_sha256")
    page = f"http://127.0.0.1:{gate.port}/files/page.html?a=b&c=%26d"
    with Chromium(tmp_path) as chromium:
        chromium.open(page)
        assert urlsplit(chromium.url).path == "/myapp/login/"
        chromium.find("input[name=username]").type(name)
        chromium.find("input[name=password]").type("battery staple")
        chromium.find("form button, form input[type=submit]").click()
        chromium.wait_for("Please enter a correct")
        field = chromium.find("input[name=password]")
        field.type("correct horse")
        chromium.find("form button, form input[type=submit]").click()
        chromium.wait_for("the files")
        assert chromium.url == page
        django.change_user(name, is_active=False)
        chromium.open(page)
        assert urlsplit(chromium.url).path == "/myapp/login/"
