"""`sessiond doctor`: will this worker and a real Django project understand each other?"""

import json
import sys

import pytest
from stack import SECRET_KEY

OTHER = "another secret key of the tests, as long as it must be to be one"
SETTINGS = """
SECRET_KEY = {key!r}
INSTALLED_APPS = ["django.contrib.sessions"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware"]
DATABASES = {{"default": {{
    "ENGINE": "django.db.backends.postgresql", "NAME": "sessiond", "USER": "sessiond", "HOST": {host!r},
}}}}
USE_TZ = True
TIME_ZONE = "UTC"
print("what a project prints is no answer")
"""
CUSTOM = """
from django.contrib.sessions.backends.db import SessionStore as Base


class OurStore(Base):
    pass


class OurSerializer:
    def dumps(self, data):
        return repr(data).encode()


SessionStore = OurStore
"""


@pytest.fixture
def doctor(stack, tmp_path_factory):
    """Makes a Django project and runs the doctor on it; what it says, line by line, by subject."""

    def examine(*lines, key=SECRET_KEY, engine=CUSTOM, settings="project.settings", **environment):
        place = stack.directory / tmp_path_factory.mktemp("project").name
        package = place / "project"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        text = SETTINGS.format(key=key, host=str(stack.run)) + "\n".join(lines) + "\n"
        (package / "settings.py").write_text(text)
        (package / "sessions.py").write_text(engine)
        words = ["--python", sys.executable, "--project", str(place)]
        words += ["--settings", settings] if settings else []
        # This Python may lie where the owner of the stack reads nothing.
        done = stack.sessiond(
            "doctor", *words, timeout=60, as_owner=False, PYTHONDONTWRITEBYTECODE="1", **environment)
        said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
        wrong = {subject: text for subject, text in said.items() if not text.startswith("ok")}
        assert done.returncode == (1 if wrong else 0), done.stdout + done.stderr
        for secret in (SECRET_KEY, OTHER):
            assert secret not in done.stdout + done.stderr
        done.said, done.wrong = said, wrong
        return done

    return examine


def sessions(stack):
    return stack.sql("SELECT count(*) FROM django_session")[0][0]


def test_a_project_that_fits_is_found_well_and_a_session_goes_both_ways(stack, doctor):
    before = sessions(stack)
    done = doctor()
    assert not done.wrong and done.said["round trip"] == "ok" and done.said["table"] == "ok"
    assert done.said["django"].startswith("ok; version 5.2") and "pbkdf2_sha256" in done.said["password hasher"]
    assert "1000000 iterations" in done.said["password hasher"]
    assert sessions(stack) == before


def test_without_a_project_the_real_django_is_given_the_same_environment(stack, doctor):
    done = doctor(settings=None)
    assert not done.wrong and done.said["round trip"] == "ok"
    done = doctor(settings=None, SESSION_COOKIE_NAME="sid", SESSION_COOKIE_SAMESITE="Strict", USE_TZ="False")
    assert not done.wrong and done.said["round trip"] == "ok"


def test_the_settings_module_may_stand_in_the_environment(doctor):
    assert "secret key" in doctor(key=OTHER, settings=None, DJANGO_SETTINGS_MODULE="project.settings").wrong


def test_another_key_is_told_without_showing_either(doctor):
    done = doctor(key=OTHER)
    assert set(done.wrong) == {"secret key", "secret key fallbacks"}
    assert "set SECRET_KEY" in done.wrong["secret key"] and "round trip" not in done.said


def test_a_key_that_is_rotated_on_one_side_is_told(doctor):
    done = doctor(f"SECRET_KEY_FALLBACKS = [{SECRET_KEY!r}]", key=OTHER)
    assert "the worker cannot read what Django signs" in done.wrong["secret key"]
    done = doctor(f"SECRET_KEY_FALLBACKS = [{OTHER!r}]")
    assert set(done.wrong) == {"secret key fallbacks"} and "1 that the worker does not" in done.wrong["secret key fallbacks"]


def test_keys_that_each_side_accepts_as_older_ones_are_well(doctor):
    done = doctor(f"SECRET_KEY_FALLBACKS = [{SECRET_KEY!r}]", key=OTHER, SECRET_KEY_FALLBACKS=f'["{OTHER}"]')
    assert not done.wrong and "older" in done.said["secret key"] and done.said["round trip"] == "ok"


WRONG = [
    ("cookie name", "SESSION_COOKIE_NAME = 'sid'", "set SESSION_COOKIE_NAME=sid"),
    ("cookie domain", "SESSION_COOKIE_DOMAIN = '.example.org'", "set SESSION_COOKIE_DOMAIN=.example.org"),
    ("cookie path", "SESSION_COOKIE_PATH = '/app'", "set SESSION_COOKIE_PATH=/app"),
    ("engine", "SESSION_ENGINE = 'django.contrib.sessions.backends.cached_db'", "sessions that the worker ended"),
    ("engine", "SESSION_ENGINE = 'django.contrib.sessions.backends.file'", "backends.file"),
    ("serializer", "SESSION_SERIALIZER = 'project.sessions.OurSerializer'", "writes and reads JSON"),
    ("time zone", "USE_TZ = False", "set USE_TZ=False"),
    ("middleware", "MIDDLEWARE = []", "SessionMiddleware"),
]


@pytest.mark.parametrize(("subject", "line", "mend"), WRONG)
def test_each_difference_is_told_with_how_to_mend_it(doctor, subject, line, mend):
    done = doctor(line)
    assert subject in done.wrong and mend in done.wrong[subject], done.stdout


def test_attributes_that_each_side_may_set_for_itself_are_only_noted(doctor):
    done = doctor("SESSION_COOKIE_SECURE = True", "SESSION_COOKIE_AGE = 60")
    assert not done.wrong and "SESSION_COOKIE_AGE, SESSION_COOKIE_SECURE" in done.said["cookie attributes"]


def test_an_engine_of_the_project_s_own_needs_its_salt(doctor):
    custom = "SESSION_ENGINE = 'project.sessions'"
    done = doctor(custom)
    salt = "django.contrib.sessions.OurStore"
    assert set(done.wrong) == {"salt"} and f"set SESSION_SALT={salt}" in done.wrong["salt"]
    done = doctor(custom, SESSION_SALT=salt)
    assert not done.wrong and "is made from it" in done.said["engine"] and done.said["round trip"] == "ok"


@pytest.mark.parametrize("engine", ["file", "signed_cookies"])
def test_engines_without_a_table_go_both_ways_too(stack, doctor, engine, tmp_path_factory):
    files = stack.directory / tmp_path_factory.mktemp("files").name
    stack.own(files)
    name = f"django.contrib.sessions.backends.{engine}"
    lines = [f"SESSION_ENGINE = {name!r}", f"SESSION_FILE_PATH = {str(files)!r}"]
    done = doctor(*lines, SESSION_ENGINE=name, SESSION_FILE_PATH=str(files))
    assert not done.wrong and done.said["round trip"] == "ok" and "table" not in done.said
    assert not list(files.iterdir())
    if engine == "file":
        done = doctor(lines[0], SESSION_ENGINE=name, SESSION_FILE_PATH=str(files))
        assert f"the worker '{files}'" in done.wrong["file path"]


@pytest.mark.parametrize("engine", ["cache", "cached_db"])
def test_engines_on_a_cache_go_both_ways_and_their_place_is_compared(stack, doctor, engine):
    name = f"django.contrib.sessions.backends.{engine}"
    with stack.redis() as (_, caches):
        ours = {"SESSION_ENGINE": name, "CACHES": json.dumps(caches)}
        lines = [f"SESSION_ENGINE = {name!r}", f"CACHES = {caches!r}"]
        done = doctor(*lines, **ours)
        assert not done.wrong and done.said["round trip"] == "ok" and done.said["cache"] == "ok"
        assert not doctor(settings=None, **ours).wrong
        done = doctor(*lines, "CACHES['default']['KEY_PREFIX'] = 'app'", **ours)
        assert "KEY_PREFIX differ" in done.wrong["cache"]
        with stack.redis() as (_, others):
            done = doctor(lines[0], f"CACHES = {others!r}", **ours)
            assert set(done.wrong) == {"round trip"}


def test_dates_without_an_offset_mean_the_same_on_both_sides(doctor):
    lines = ["USE_TZ = False", "TIME_ZONE = 'Asia/Kolkata'"]
    done = doctor(*lines, USE_TZ="False", TIME_ZONE="Asia/Kolkata")
    assert not done.wrong and done.said["round trip"] == "ok"
    assert "set TIME_ZONE=Asia/Kolkata" in doctor(*lines, USE_TZ="False", TIME_ZONE="UTC").wrong["time zone"]


def test_a_table_of_another_name_is_told(doctor):
    engine = CUSTOM.replace(
        "    pass",
        "    @classmethod\n    def get_model_class(cls):\n        from types import SimpleNamespace as N\n"
        "        return N(_meta=N(db_table='our_session'))",
    )
    done = doctor("SESSION_ENGINE = 'project.sessions'", engine=engine, SESSION_SALT="django.contrib.sessions.OurStore")
    assert "our_session" in done.wrong["table name"]


def test_another_database_is_found_by_the_round_trip(stack, doctor):
    stack.sql("CREATE DATABASE elsewhere", database="postgres")
    try:
        assert stack.sessiond("migrate", DATABASE_URL=stack.database_url("elsewhere")).returncode == 0
        done = doctor("DATABASES['default']['NAME'] = 'elsewhere'")
        assert "same database" in done.wrong["round trip"]
    finally:
        stack.sql("DROP DATABASE elsewhere WITH (FORCE)", database="postgres")


def test_an_engine_that_changes_values_is_found_by_the_round_trip(stack, doctor):
    before = sessions(stack)
    engine = CUSTOM.replace("    pass", "    def load(self):\n        return super().load() | {'more': 1}")
    engine = engine.replace("OurStore(Base)", "SessionStore(Base)").replace("SessionStore = OurStore", "")
    done = doctor("SESSION_ENGINE = 'project.sessions'", engine=engine)
    assert "other values" in done.wrong["round trip"] and sessions(stack) == before


TABLES = [
    ("", "sessiond migrate"),
    ("CREATE TABLE django_session (session_key varchar(32) PRIMARY KEY, session_data text NOT NULL, "
     "expire_date timestamptz NOT NULL)", "session_key is character varying(32)"),
    ("CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, "
     "expire_date timestamp NOT NULL)", "timestamp with time zone"),
    ("CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL)",
     "expire_date is missing"),
    ("CREATE TABLE django_session (session_key varchar(40), session_data text, expire_date timestamptz)",
     "session_key is not the primary key; ADD PRIMARY KEY (session_key); expire_date has no index"),
    ("CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, "
     "expire_date timestamptz NOT NULL, account_id integer NOT NULL)", "account_id is not of Django's"),
]


@pytest.mark.parametrize(("table", "problem"), TABLES)
def test_a_table_that_is_not_django_s_is_told(stack, doctor, table, problem):
    stack.sql("CREATE DATABASE odd", database="postgres")
    try:
        if table:
            stack.sql(table, database="odd")
        done = doctor(DATABASE_URL=stack.database_url("odd"))
        assert problem in done.wrong["table"], done.stdout
    finally:
        stack.sql("DROP DATABASE odd WITH (FORCE)", database="postgres")


def test_a_database_that_is_away_is_told(stack, doctor):
    done = doctor(DATABASE_URL=f"postgresql:///x?host={stack.directory}/nowhere", DATABASE_TIMEOUT="1")
    assert "DATABASE_URL" in done.wrong["database"]


def test_what_cannot_be_asked_is_told(stack, doctor):
    assert "No module named 'nowhere'" in doctor(settings="nowhere").wrong["django"]
    done = doctor(f"raise RuntimeError('the key is ' + SECRET_KEY)")
    assert "RuntimeError" in done.wrong["django"]
    assert "SystemExit" in doctor("raise SystemExit(3)").wrong["django"]
    done = stack.sessiond("doctor", "--python", "/no/such/python", "--settings", "x")
    assert done.returncode == 1 and "/no/such/python" in done.stdout
    done = stack.sessiond("doctor", "--python", "/bin/true", "--settings", "x")
    assert done.returncode == 1 and "django: it could not be asked" in done.stdout
    # Nobody asked for a project: the table alone is looked at.
    done = stack.sessiond("doctor", "--python", "/no/such/python")
    assert done.returncode == 0 and done.stdout.startswith("table: ok\n")


def test_it_needs_a_key_of_its_own(stack):
    done = stack.sessiond("doctor", SECRET_KEY="short")
    assert done.returncode != 0 and "SECRET_KEY" in done.stderr
