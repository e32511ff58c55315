"""The engines that need no server, by Django's names for them, beside a real Django."""

import os
import time
from importlib import import_module

import pytest
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


def settings_of(engine, files):
    return {"SESSION_ENGINE": BACKENDS + engine} | ({"SESSION_FILE_PATH": str(files)} if engine == "file" else {})


def store(engine, files, key=None):
    """Django's own session of that engine."""
    with override_settings(**settings_of(engine, files)):
        made = import_module(BACKENDS + engine).SessionStore
        if engine == "file":
            vars(made).get("_storage_path") and delattr(made, "_storage_path")
        session = made(key)
        session.items()
        return session


def own_files(stack, files):
    for path in files.iterdir():
        if stack.owner:
            os.chown(path, stack.owner["user"], stack.owner["group"])


def cookie_of(answer, name="sessionid"):
    texts = [value for header, value in answer.headers if header == "Set-Cookie" and value.startswith(name + "=")]
    return texts[0].split(";")[0].partition("=")[2] if texts else None


@pytest.mark.parametrize("engine", ["file", "signed_cookies"])
def test_a_login_is_read_by_django_and_djangos_here(stack, files, engine):
    with stack.worker(**settings_of(engine, files)) as (_, address), stack.fastcgi(address) as connection:
        answer = connection.exchange("POST", LOGIN, BODY, HTTP_COOKIE=f"csrftoken={SECRET}")
        key = cookie_of(answer)
        assert answer.status == 200 and b"<strong>alice</strong>" in answer.body
        assert dict(store(engine, files, key).items()) == {"username": "alice"}
        assert b"<strong>alice</strong>" in connection.exchange(path=FORM, HTTP_COOKIE=f"sessionid={key}").body

        session = store(engine, files)
        session["username"] = "bob"
        with override_settings(**settings_of(engine, files)):
            session.save()
        own_files(stack, files)
        theirs = {"HTTP_COOKIE": f"sessionid={session.session_key}"}
        assert b"<strong>bob</strong>" in connection.exchange(path=FORM, **theirs).body
        assert cookie_of(connection.exchange(path="/myapp/logout/", **theirs)) == '""'
        if engine == "file":
            assert not (files / f"sessionid{session.session_key}").exists()
            assert [path.name for path in files.iterdir()] == [f"sessionid{key}"]


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


def test_a_directory_that_is_not_there_is_told_at_once(stack):
    settings = {"SESSION_ENGINE": BACKENDS + "file", "SESSION_FILE_PATH": "/no/such/directory"}
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", **settings)
    assert done.returncode != 0 and "SESSION_FILE_PATH" in done.stderr
    done = stack.sessiond("check", **settings)
    assert done.returncode == 1 and "SESSION_FILE_PATH" in done.stdout


def test_clearsessions_removes_files_that_have_ended(stack, files):
    settings = settings_of("file", files)
    keys = []
    for number in range(12):
        session = store("file", files)
        session["number"] = number
        with override_settings(**settings):
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


def test_clearsessions_has_nothing_to_do_for_cookies_as_djangos(stack):
    settings = settings_of("signed_cookies", None) | {"DATABASE_URL": f"postgresql:///x?host={stack.directory}/nowhere"}
    done = stack.sessiond("clearsessions", **settings)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
