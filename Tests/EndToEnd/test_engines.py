"""The engines by Django's names for them, beside a real Django."""

import json
import os
import signal
import time
from contextlib import contextmanager
from importlib import import_module

import pytest
from django.db import connection
from django.test.utils import override_settings

LOGIN = "/myapp/login/"
FORM = "/myapp/connection/"
SECRET = "b" * 32
BODY = f"csrfmiddlewaretoken={SECRET}&username=alice&password=x".encode()
BACKENDS = "django.contrib.sessions.backends."


@pytest.fixture
def files(stack, tmp_path_factory):
    directory = stack.directory / tmp_path_factory.mktemp("files").name
    stack.own(directory)
    return directory


@pytest.fixture(scope="module")
def redis(stack):
    with stack.redis() as (_, caches):
        yield caches


def settings_of(engine, files):
    return {"SESSION_ENGINE": BACKENDS + engine} | ({"SESSION_FILE_PATH": str(files)} if engine == "file" else {})


@contextmanager
def django(engine, files, caches=None):
    """Django's own engine of that name."""
    more = {"CACHES": caches} if caches else {}
    with override_settings(**settings_of(engine, files), **more):
        made = import_module(BACKENDS + engine).SessionStore
        if "_storage_path" in vars(made):
            del made._storage_path
        yield made
        connection.close()


def own_files(stack, files):
    for path in files.iterdir():
        if stack.owner:
            os.chown(path, stack.owner["user"], stack.owner["group"])


def cookie_of(answer, name="sessionid"):
    texts = [value for header, value in answer.headers if header == "Set-Cookie" and value.startswith(name + "=")]
    return texts[0].split(";")[0].partition("=")[2] if texts else None


@pytest.mark.parametrize("engine", ["file", "signed_cookies", "cache", "cached_db"])
def test_a_login_is_read_by_django_and_djangos_here(stack, files, redis, engine):
    settings = settings_of(engine, files) | {"CACHES": json.dumps(redis)}
    with (
        stack.worker(**settings) as (_, address), stack.fastcgi(address) as worker,
        django(engine, files, redis) as store,
    ):
        answer = worker.exchange("POST", LOGIN, BODY, HTTP_COOKIE=f"csrftoken={SECRET}")
        key = cookie_of(answer)
        assert answer.status == 200 and b"<strong>alice</strong>" in answer.body
        assert dict(store(key).items()) == {"username": "alice"}
        assert b"<strong>alice</strong>" in worker.exchange(path=FORM, HTTP_COOKIE=f"sessionid={key}").body

        session = store()
        session["username"] = "bob"
        session.save()
        own_files(stack, files)
        theirs = {"HTTP_COOKIE": f"sessionid={session.session_key}"}
        assert b"<strong>bob</strong>" in worker.exchange(path=FORM, **theirs).body
        assert cookie_of(worker.exchange(path="/myapp/logout/", **theirs)) == '""'
        if engine != "signed_cookies":
            assert dict(store(session.session_key).items()) == {}
        if engine == "file":
            assert [path.name for path in files.iterdir()] == [f"sessionid{key}"]
        if engine == "cache":
            assert stack.row(key) is None


def test_redis_away_is_503_for_the_cache_and_nothing_for_cached_db(stack, files):
    with stack.redis() as (process, caches):
        text = {"CACHES": json.dumps(caches), "DATABASE_TIMEOUT": "1"}
        login = ("POST", LOGIN, BODY)
        csrf = {"HTTP_COOKIE": f"csrftoken={SECRET}"}
        with (
            stack.worker(**settings_of("cache", files), **text) as (_, first),
            stack.worker(**settings_of("cached_db", files), **text) as (_, second),
            stack.fastcgi(first) as cache, stack.fastcgi(second) as cached_db,
        ):
            key = cookie_of(cached_db.exchange(*login, **csrf))
            assert stack.sessiond("check", **settings_of("cached_db", files), **text).returncode == 0
            process.send_signal(signal.SIGKILL)
            process.wait()
            answer = cache.exchange(*login, **csrf)
            assert answer.status == 503 and dict(answer.headers)["Retry-After"]
            assert b"<strong>alice</strong>" in cached_db.exchange(path=FORM, HTTP_COOKIE=f"sessionid={key}").body
            for engine in ("cache", "cached_db"):
                done = stack.sessiond("check", **settings_of(engine, files), **text)
                assert done.returncode == 1 and "cache: it cannot be used" in done.stdout


def test_a_cache_in_memory_is_for_one_process(stack, files):
    caches = json.dumps({"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}})
    with (
        stack.worker(**settings_of("cache", files), CACHES=caches) as (_, address), stack.fastcgi(address) as worker
    ):
        key = cookie_of(worker.exchange("POST", LOGIN, BODY, HTTP_COOKIE=f"csrftoken={SECRET}"))
        assert b"<strong>alice</strong>" in worker.exchange(path=FORM, HTTP_COOKIE=f"sessionid={key}").body


CACHES = [
    None, "[]", "redis://127.0.0.1", "{}", '{"other": {}}', '{"default": {"BACKEND": "memcached"}}',
    *(
        json.dumps({"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"} | wrong})
        for wrong in [
            {}, {"LOCATION": "rediss://:hidden-password@h"}, {"LOCATION": "redis://:hidden-password@h:x"},
            {"LOCATION": "redis://h", "VERSION": "1"}, {"LOCATION": "redis://h", "KEY_FUNCTION": "project.keys"},
            {"LOCATION": "redis://h", "OPTIONS": {"db": 1}}, {"LOCATION": "redis://h", "KEY_PREFIX": 1},
        ]
    ),
]


@pytest.mark.parametrize("text", CACHES)
def test_caches_that_cannot_be_used_are_one_line_without_the_password(stack, text):
    done = stack.sessiond("check", SESSION_ENGINE=BACKENDS + "cache", CACHES=text)
    (line,) = done.stdout.splitlines()
    assert done.returncode == 1 and line.startswith("settings: CACHES: ") and "hidden-password" not in line


@pytest.mark.parametrize("engine", ["file", "signed_cookies"])
def test_these_engines_need_no_database(stack, files, engine):
    settings = settings_of(engine, files) | {"DATABASE_URL": f"postgresql:///x?host={stack.directory}/nowhere"}
    done = stack.sessiond("check", "--deploy", **settings)
    assert done.returncode == 0 and "engine: ok" in done.stdout, done.stdout
    assert "(security.W011)" in done.stderr
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange("POST", LOGIN, BODY, HTTP_COOKIE=f"csrftoken={SECRET}")
        assert b"<strong>alice</strong>" in answer.body


def test_a_session_that_does_not_fit_a_cookie_is_an_error_that_says_so(stack):
    settings = settings_of("signed_cookies", None) | {"SESSION_COOKIE_PATH": "/" + "x" * 4000}
    with stack.worker(**settings) as (_, address), stack.fastcgi(address) as connection:
        assert connection.exchange("POST", LOGIN, BODY, HTTP_COOKIE=f"csrftoken={SECRET}").status == 500
    assert "does not fit a cookie" in stack.log("apart.log")


@pytest.mark.parametrize("directory", ["/no/such/directory", "/proc"])
def test_a_directory_that_is_of_no_use_is_told_at_once(stack, directory):
    settings = {"SESSION_ENGINE": BACKENDS + "file", "SESSION_FILE_PATH": directory}
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", **settings)
    assert done.returncode == 78 and "SESSION_FILE_PATH" in done.stderr
    done = stack.sessiond("check", **settings)
    assert done.returncode == 1 and "SESSION_FILE_PATH" in done.stdout


def test_clearsessions_removes_files_that_have_ended(stack, files):
    settings = settings_of("file", files)
    keys = []
    with django("file", files) as store:
        for number in range(12):
            session = store()
            session["number"] = number
            session.save()
            keys.append(session.session_key)
    own_files(stack, files)
    long_ago = time.time() - 1_300_000
    for key in keys[:7]:
        os.utime(files / f"sessionid{key}", (long_ago, long_ago))
    (files / "another").touch()

    done = stack.sessiond("clearsessions", "--dry-run", SESSION_COOKIE_AGE="1200000", **settings)
    assert done.stdout == "7 expired sessions would be removed\n" and len(list(files.iterdir())) == 13
    done = stack.sessiond("clearsessions", SESSION_COOKIE_AGE="1200000", **settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert {path.name for path in files.iterdir()} == {"another"} | {f"sessionid{key}" for key in keys[7:]}


@pytest.mark.parametrize("engine", ["signed_cookies", "cache"])
def test_clearsessions_has_nothing_to_do_for_cookies_and_caches_as_djangos(stack, redis, engine):
    settings = settings_of(engine, None) | {"CACHES": json.dumps(redis), "DATABASE_URL": "host=/nowhere"}
    done = stack.sessiond("clearsessions", **settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
