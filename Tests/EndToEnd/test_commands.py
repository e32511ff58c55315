"""The commands beside `serve`, and settings that are refused."""

import os
import pty
import subprocess
from datetime import UTC, datetime, timedelta

import django_side
import fcgi
import psycopg
import pytest
from stack import SECRET_KEY

COMMANDS = ["serve", "migrate", "clearsessions", "check", "doctor"]


def age(stack, key, **delta):
    moment = datetime.now(UTC) - timedelta(**delta)
    stack.sql("UPDATE django_session SET expire_date = %s WHERE session_key = %s", [moment, key])


def test_clearsessions_removes_what_has_expired_and_nothing_else(stack):
    expired = [django_side.create({"number": number}) for number in range(20)]
    living = [django_side.create({"number": number}) for number in range(20)]
    for key in expired:
        age(stack, key, seconds=1)
    done = stack.sessiond("clearsessions")
    assert done.returncode == 0, done.stderr
    assert not any(stack.row(key) for key in expired)
    assert all(stack.row(key) for key in living)


def test_clearsessions_goes_round_a_locked_row_and_through_many(stack):
    stack.sql(
        "INSERT INTO django_session SELECT 'expired' || n, 'e30:1r31eq:x', now() - interval '1 day' "
        "FROM generate_series(1, 30000) n"
    )
    with psycopg.connect(stack.database_url()) as locker:
        locker.execute("SELECT 1 FROM django_session WHERE session_key = 'expired15000' FOR UPDATE")
        done = stack.sessiond("clearsessions")
        assert done.returncode == 0, done.stderr
    left = stack.sql("SELECT session_key FROM django_session WHERE session_key LIKE 'expired%%'")
    assert left == [("expired15000",)]
    assert stack.sessiond("clearsessions").returncode == 0
    assert not stack.row("expired15000")


def expire_many(stack, count):
    stack.sql(
        "INSERT INTO django_session SELECT 'expired' || n, 'e30:1r31eq:x', now() - interval '1 day' "
        "FROM generate_series(1, %s) n",
        [count],
    )


def expired(stack):
    return stack.sql("SELECT count(*) FROM django_session WHERE expire_date < now()")[0][0]


def test_clearsessions_prints_nothing_as_djangos(stack):
    expire_many(stack, 10)
    done = stack.sessiond("clearsessions")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "") and expired(stack) == 0


def test_clearsessions_shows_progress_on_a_terminal(stack):
    expire_many(stack, 25)
    ours, theirs = pty.openpty()
    command = [stack.program, "clearsessions", "--batch", "10"]
    subprocess.run(command, env=stack.environment(), stderr=theirs, check=True, timeout=30)
    os.close(theirs)
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "10 of 25 expired sessions removed" in shown and "25 expired sessions removed" in shown.splitlines()[-1]
    assert expired(stack) == 0


def test_clearsessions_counts_only_in_a_dry_run(stack):
    expire_many(stack, 7)
    done = stack.sessiond("clearsessions", "--dry-run")
    assert done.stdout == "7 expired sessions would be removed\n" and expired(stack) == 7
    assert stack.sessiond("clearsessions").returncode == 0


def test_clearsessions_stops_at_its_time_limit_and_the_next_run_goes_on(stack):
    expire_many(stack, 20000)
    done = stack.sessiond("clearsessions", "--batch", "1", "--time-limit", "1")
    assert done.returncode == 0 and 0 < expired(stack) < 20000
    assert stack.sessiond("clearsessions", "--time-limit", "60").returncode == 0 and expired(stack) == 0


def test_clearsessions_as_django_does_it_waits_for_a_locked_row(stack):
    expire_many(stack, 3)
    with psycopg.connect(stack.database_url()) as locker:
        locker.execute("SELECT 1 FROM django_session WHERE session_key = 'expired2' FOR UPDATE")
        with pytest.raises(subprocess.TimeoutExpired):
            stack.sessiond("clearsessions", timeout=1.5, SESSION_DJANGO_COMPATIBLE="True")
        assert expired(stack) == 3
    assert stack.sessiond("clearsessions", SESSION_DJANGO_COMPATIBLE="True").returncode == 0 and expired(stack) == 0


@pytest.mark.parametrize("words", [["--batch", "0"], ["--batch", "x"], ["--rest=-1"], ["--time-limit", "0"],
                                   ["--time-limit", "soon"]])
def test_clearsessions_refuses_what_it_cannot_do(stack, words):
    done = stack.sessiond("clearsessions", *words)
    assert done.returncode != 0 and words[0].partition("=")[0] in done.stderr


@pytest.mark.parametrize("compatible", ["False", "True"])
def test_clearsessions_without_a_database_fails_in_words(stack, compatible):
    away = f"postgresql:///x?host={stack.directory}/nowhere"
    done = stack.sessiond("clearsessions", DATABASE_URL=away, SESSION_DJANGO_COMPATIBLE=compatible)
    assert done.returncode != 0 and done.stderr.strip()


def test_check_is_content_with_a_good_installation(stack):
    done = stack.sessiond("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) >= 3


def test_a_service_of_libpqs_says_where_the_database_is(stack):
    services = stack.directory / "pg_service.conf"
    services.write_text(f"[sessions]\nhost={stack.run}\ndbname=sessiond\nuser=sessiond\n")
    for text in ("service=sessions", "postgresql://?service=sessions"):
        done = stack.sessiond("check", DATABASE_URL=text, PGSERVICEFILE=str(services))
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"SECRET_KEY": None},
        {"SECRET_KEY": "short"},
        {"DATABASE_URL": "postgresql:///sessiond?host=/nowhere"},
        {"DATABASE_URL": "postgresql:///sessiond?host={run}&user=nobody_here"},
        {"SESSION_COOKIE_AGE": "60x"},
    ],
    ids=["no key", "short key", "no server", "no such role", "a bad setting"],
)
def test_check_names_what_is_wrong(stack, wrong):
    settings = {name: value and value.format(run=stack.run) for name, value in wrong.items()}
    done = stack.sessiond("check", **settings)
    assert done.returncode != 0 and (done.stdout + done.stderr).strip()


def test_check_tells_a_database_that_is_not_migrated(stack):
    stack.sql("CREATE DATABASE bare", database="postgres")
    try:
        done = stack.sessiond("check", DATABASE_URL=stack.database_url("bare"))
        assert done.returncode != 0 and "migrate" in (done.stdout + done.stderr)
    finally:
        stack.sql("DROP DATABASE bare WITH (FORCE)", database="postgres")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_a_secret(stack, command):
    url = "postgresql://sessiond:hidden-password@/sessiond?host=/nowhere"
    done = stack.sessiond(command, DATABASE_URL=url, SESSION_COOKIE_AGE="60x")
    output = done.stdout + done.stderr
    assert SECRET_KEY not in output and "hidden-password" not in output


BAD = {
    "SESSION_COOKIE_AGE": ["60x", "", "-", "1e3", "99999999999999999999"],
    "SESSION_COOKIE_SECURE": ["maybe", "2"],
    "SESSION_COOKIE_HTTPONLY": ["ja"],
    "SESSION_COOKIE_SAMESITE": ["Loose"],
    "SESSION_COOKIE_NAME": ["a b", "a;b", "a=b"],
    "SESSION_COOKIE_PATH": ["/\r\nSet-Cookie: x=1", "/;x"],
    "SESSION_SAVE_EVERY_REQUEST": ["often"],
    "SESSION_ENGINE": ["db", "project.sessions"],
    "SESSION_SERIALIZER": ["django.contrib.sessions.serializers.PickleSerializer", ""],
    "SESSION_COOKIE_PARTITIONED": ["chips"],
    "SESSION_TOKEN_HEADER": ["X-Session-Token"],
    "SESSION_DJANGO_COMPATIBLE": ["some"],
    "SESSION_FILE_PATH": ["sessions"],
    "SESSION_CACHE_ALIAS": [""],
    "SESSION_SALT": [""],
    "USE_TZ": ["perhaps"],
    "TIME_ZONE": ["Mars/Olympus", "", "../passwd", "/etc/passwd", "Europe"],
    "CSRF_USE_SESSIONS": ["at times"],
    "SILENCED_SYSTEM_CHECKS": ["security.W012"],
    "CSRF_COOKIE_AGE": ["soon"],
    "SECURE_PROXY_SSL_HEADER": [
        "HTTP_X_FORWARDED_PROTO", '["HTTP_X_FORWARDED_PROTO"]', '["HTTP_X_FORWARDED_PROTO", "https", "on"]',
        '["X-Forwarded-Proto", "https"]', '["HTTP_X_FORWARDED_PROTO", "https, http"]', '["HTTP_X_FORWARDED_PROTO", ""]',
    ],
    "LOGIN_LIMIT_ACCOUNT": ["10", "0/5m", "10/5", "10/5min", "-1/m", "10/31d", "unlimited", ""],
    "LOGIN_LIMIT_ADDRESS": ["10 per minute", "999999/1h"],
    "LOG_FORMAT": ["", "xml", "JSON"],
    "LOG_LEVEL": ["", "loud", "INFO"],
    "AUDIT_LOG": ["path", ""],
    "USE_X_FORWARDED_HOST": ["example.org"],
    "USE_X_FORWARDED_PORT": ["443"],
    "CSRF_TRUSTED_ORIGINS": ["https://example.org", "[1]", '["example.org"]'],
    "ALLOWED_HOSTS": ["example.org", '{"a": 1}', '["a"'],
    "AUTHENTICATION": ["anyone", ""],
    "AUTHENTICATION_ANY_FORCE": ["perhaps"],
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend", "[]"],
    "PASSWORD_HASHERS": ["argon2", '["accounts.hashers.Own"]'],
    "PASSWORD_HASH_THREADS": ["0", "some"],
    "PASSWORD_HASH_QUEUE": ["-1", "1.5"],
    "LOGIN_URL": ["", "nothing"],
    "LOGIN_REDIRECT_URL": ["", "nothing"],
    "LOGOUT_REDIRECT_URL": ["nothing"],
    "LOGOUT_ALLOW_GET": ["at times"],
    "SECURE_HSTS_SECONDS": ["a year"],
    "DATA_UPLOAD_MAX_MEMORY_SIZE": ["2.5MiB"],
    "SECRET_KEY_FILE": ["/no/such/file"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_setting_is_one_line_that_names_it(stack, name, value):
    settings = {name: value} | ({"SECRET_KEY": None} if name == "SECRET_KEY_FILE" else {})
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", timeout=10, **settings)
    assert done.returncode not in (0, -4, -5, -6)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and name in lines[0], done.stderr


@pytest.mark.parametrize("key", [None, "", "brief", "not even thirty-two characters"])
def test_serve_refuses_a_poor_secret_key(stack, key):
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", timeout=10, SECRET_KEY=key)
    assert done.returncode != 0 and "SECRET_KEY" in done.stderr
    assert not key or key not in done.stderr


@pytest.mark.parametrize("words", [[], *([command] for command in COMMANDS)], ids=" ".join)
def test_every_command_explains_itself(stack, words):
    shown = stack.sessiond(*words, "--help")
    assert shown.returncode == 0 and "USAGE" in shown.stdout.upper()
    version = stack.sessiond(*words, "--version")
    assert version.returncode == 0 and any(letter.isdigit() for letter in version.stdout)


def test_an_unknown_command_is_refused(stack):
    done = stack.sessiond("dance")
    assert done.returncode != 0 and done.stderr.strip()


def test_a_worker_keeps_its_cookie_settings(stack):
    names = {
        "SESSION_COOKIE_NAME": "sid", "SESSION_COOKIE_AGE": "60", "SESSION_COOKIE_SECURE": "true",
        "SESSION_COOKIE_SAMESITE": "Strict", "SESSION_COOKIE_PATH": "/myapp", "SESSION_COOKIE_DOMAIN": "example.org",
        "ALLOWED_HOSTS": '["example.org"]', "AUTHENTICATION_ANY_FORCE": "True",
    }
    secret = "b" * 32
    body = f"csrfmiddlewaretoken={secret}&username=alice&password=x".encode()
    with stack.worker(**names) as (_, address), stack.fastcgi(address) as connection:
        cookie = {"HTTP_COOKIE": f"csrftoken={secret}", "HTTP_HOST": "example.org"}
        answer = connection.exchange("POST", "/myapp/login/", body, **cookie)
        text = next(value for name, value in answer.headers if name == "Set-Cookie" and value.startswith("sid="))
    assert text.startswith("sid=") and "; Domain=example.org; expires=" in text
    assert text.endswith("; HttpOnly; Max-Age=60; Path=/myapp; SameSite=Strict; Secure")


def test_https_is_asked_for_and_remembered_where_the_settings_say_so(stack):
    names = {"SECURE_SSL_REDIRECT": "true", "SECURE_HSTS_SECONDS": "60", "SECURE_HSTS_PRELOAD": "true"}
    with stack.worker(**names) as (_, address), stack.fastcgi(address) as connection:
        plain = connection.exchange(path="/myapp/connection/?a=b")
        assert plain.status == 301
        assert dict(plain.headers)["Location"] == "https://127.0.0.1/myapp/connection/?a=b"
        secure = connection.exchange(HTTPS="on")
        assert secure.status == 200
        assert dict(secure.headers)["Strict-Transport-Security"] == "max-age=60; preload"


def test_templates_of_the_operator_are_used_and_their_mistakes_named(stack):
    directory = stack.directory / "templates"
    directory.mkdir(exist_ok=True)
    (directory / "login.html").write_text("<p>Our own form</p>\n{% csrf_token %}")
    with stack.worker(TEMPLATES_DIR=str(directory)) as (_, address), stack.fastcgi(address) as connection:
        assert b"Our own form" in connection.exchange().body
    (directory / "login.html").write_text("<p>\n{% wibble %}\n</p>")
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", TEMPLATES_DIR=str(directory))
    assert done.returncode != 0 and "login.html:2" in done.stderr and "wibble" in done.stderr


def test_a_row_signed_with_an_old_key_is_read(stack):
    key = django_side.create({"username": "alice"})
    settings = {"SECRET_KEY": "another secret key, long enough for serve to accept it"}
    request = {"HTTP_COOKIE": f"sessionid={key}"}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        assert b'type="password"' in connection.exchange(**request).body
    fallbacks = f'["{SECRET_KEY}"]'
    with stack.worker(**settings, SECRET_KEY_FALLBACKS=fallbacks) as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange(**request)
        assert answer.protocol_status == fcgi.REQUEST_COMPLETE and b"<strong>alice</strong>" in answer.body
