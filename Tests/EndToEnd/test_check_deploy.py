"""`sessiond check --deploy` beside Django's own."""

import json
import os
import re
import subprocess
import sys

import pytest

OURS = re.compile(r"^\?: \((security\.W0(?:03|10|11|12|13|14|15|16)|sessiond\.(?!W002)\w+)\) ")
SAFE = {"SESSION_COOKIE_SECURE": "True", "CSRF_COOKIE_SECURE": "True"}
# The tests' stack lets anybody in, which the check says.
QUIET = {"SILENCED_SYSTEM_CHECKS": '["sessiond.W002"]'}
DJANGO = """
import json, os
import django
from django.conf import settings
from django.core.management import call_command
settings.configure(
    SECRET_KEY="x", INSTALLED_APPS=["django.contrib.sessions"] if os.environ["APP"] == "1" else [],
    DATABASES={}, MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    ], **json.loads(os.environ["SETTINGS"]))
django.setup()
call_command("check", "--deploy")
"""


def findings(text):
    return [line for line in text.splitlines() if OURS.match(line)]


def django_findings(settings, app=True):
    values = {name: text == "True" for name, text in settings.items()}
    environment = os.environ | {"SETTINGS": json.dumps(values), "APP": "1" if app else "0"}
    done = subprocess.run([sys.executable, "-c", DJANGO], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return findings(done.stderr)


CASES = [
    {}, SAFE, {"SESSION_COOKIE_SECURE": "True"}, {"SESSION_COOKIE_HTTPONLY": "False"},
    {"CSRF_USE_SESSIONS": "True", "SESSION_COOKIE_SECURE": "True"},
]


@pytest.mark.parametrize("settings", CASES, ids=" ".join)
def test_its_words_are_those_of_django(stack, settings):
    done = stack.sessiond("check", "--deploy", **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert findings(done.stderr) == django_findings(settings)
    assert "settings: ok" in done.stdout


def test_its_frame_is_that_of_django(stack):
    done = stack.sessiond("check", "--deploy")
    assert done.stderr.startswith("System check identified some issues:\n\nWARNINGS:\n?: (security.W012) ")
    assert done.stderr.endswith("\n\nSystem check identified 3 issues (0 silenced).\n")
    done = stack.sessiond("check", "--deploy", **SAFE, **QUIET)
    assert done.stdout.endswith("\nSystem check identified no issues (1 silenced).\n") and not done.stderr
    assert "System check" not in stack.sessiond("check").stdout


@pytest.mark.parametrize(("level", "status"), [("WARNING", 1), ("INFO", 1), ("ERROR", 0), ("CRITICAL", 0)])
def test_warnings_fail_only_where_they_are_asked_to(stack, level, status):
    done = stack.sessiond("check", "--deploy", "--fail-level", level)
    assert done.returncode == status
    assert done.stderr.startswith("SystemCheckError: System check") == bool(status)
    assert stack.sessiond("check", "--deploy", "--fail-level", level, **SAFE, **QUIET).returncode == 0


def test_what_is_silenced_is_counted(stack):
    silenced = '["security.W012", "security.W016", "sessiond.W002"]'
    done = stack.sessiond("check", "--deploy", "--fail-level", "WARNING", SILENCED_SYSTEM_CHECKS=silenced)
    assert done.returncode == 0 and done.stdout.endswith("System check identified no issues (3 silenced).\n")


def test_a_default_name_on_a_shared_domain_is_warned_of(stack):
    settings = SAFE | {"SESSION_COOKIE_DOMAIN": "example.org"}
    done = stack.sessiond("check", "--deploy", **settings)
    assert done.returncode == 0 and "(sessiond.W001) SESSION_COOKIE_NAME: " in done.stderr
    assert "sessiond.W001" not in stack.sessiond("check", "--deploy", SESSION_COOKIE_NAME="sid", **settings).stderr


DROPPED = [
    ("SESSION_COOKIE_NAME", "E001", {"SESSION_COOKIE_NAME": "__Secure-sid"}),
    ("SESSION_COOKIE_NAME", "E002", SAFE | {"SESSION_COOKIE_NAME": "__Host-sid", "SESSION_COOKIE_PATH": "/x"}),
    ("SESSION_COOKIE_NAME", "E003", SAFE | {"SESSION_COOKIE_NAME": "__Host-sid", "SESSION_COOKIE_DOMAIN": "a.org"}),
    ("SESSION_COOKIE_SAMESITE", "E004", {"SESSION_COOKIE_SAMESITE": "None"}),
    ("SESSION_COOKIE_PARTITIONED", "E005", {"SESSION_COOKIE_PARTITIONED": "True"}),
    ("CSRF_COOKIE_NAME", "E001", {"CSRF_COOKIE_NAME": "__Host-csrf"}),
    ("CSRF_COOKIE_SAMESITE", "E004", {"CSRF_COOKIE_SAMESITE": "none"}),
    ("CSRF_COOKIE_PARTITIONED", "E005", {"CSRF_COOKIE_PARTITIONED": "True"}),
]


@pytest.mark.parametrize(("name", "number", "settings"), DROPPED)
def test_a_cookie_that_browsers_drop_is_refused_at_once(stack, name, number, settings):
    done = stack.sessiond("serve", "--listen", f"unix:{stack.run}/never.sock", timeout=10, **settings)
    (line,) = done.stderr.strip().splitlines()
    assert done.returncode != 0 and f"{name}: " in line and f"(sessiond.{number})" in line
    done = stack.sessiond("check", "--deploy", **settings)
    assert done.returncode == 1 and f"(sessiond.{number})" in done.stdout


def test_a_good_prefix_is_accepted(stack):
    settings = SAFE | QUIET | {"SESSION_COOKIE_NAME": "__Host-sid", "CSRF_COOKIE_NAME": "__Secure-csrf"}
    done = stack.sessiond("check", "--deploy", "--fail-level", "WARNING", **settings)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_partitioned_cookie_is_set_and_deleted_as_one(stack):
    names = {"SESSION_COOKIE_PARTITIONED": "True", "SESSION_COOKIE_SAMESITE": "None", "ALLOWED_HOSTS": '["*"]'} | SAFE
    names["AUTHENTICATION_ANY_FORCE"] = "True"
    secret = "b" * 32
    body = f"csrfmiddlewaretoken={secret}&username=alice&password=x".encode()

    def session_cookie(answer):
        return next(value for name, value in answer.headers if name == "Set-Cookie" and value.startswith("sessionid="))

    with stack.worker(**names) as (_, address), stack.fastcgi(address) as connection:
        text = session_cookie(connection.exchange("POST", "/myapp/login/", body, HTTP_COOKIE=f"csrftoken={secret}"))
        assert text.endswith("; HttpOnly; Max-Age=1209600; Partitioned; Path=/; SameSite=None; Secure")
        cookie = text.partition(";")[0]
        text = session_cookie(connection.exchange(path="/myapp/logout/", HTTP_COOKIE=cookie))
        assert text.endswith("Max-Age=0; Partitioned; Path=/; SameSite=None; Secure")
