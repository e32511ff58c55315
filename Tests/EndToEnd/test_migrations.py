"""Acceptance 3: `sessiond migrate` and `manage.py migrate`, in either order, come to the same table."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from stack import ROOT

SETTINGS = """
from project.settings import *
ENGINE = "django.db.backends.postgresql"
DATABASES = {{"default": {{"ENGINE": ENGINE, "NAME": "{name}", "USER": "sessiond", "HOST": "{host}"}}}}
"""


@pytest.fixture
def database(stack, request):
    """A database of its own, empty."""
    name = f"migrations_{abs(hash(request.node.name)) % 10**8}"
    stack.sql(f"CREATE DATABASE {name}", database="postgres")
    yield name
    stack.sql(f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture
def manage(stack, database, tmp_path):
    """manage.py of a project as `startproject` makes it, on that database."""
    subprocess.run([sys.executable, "-m", "django", "startproject", "project", tmp_path], check=True)
    (tmp_path / "here.py").write_text(SETTINGS.format(name=database, host=stack.run))

    def run(*words):
        command = [sys.executable, tmp_path / "manage.py", *words, "--settings=here", "--no-color"]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    return run


def described(stack, database):
    command = ["psql", "-X", stack.database_url(database), "-c", "\\d django_session"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def recorded(stack, database):
    rows = stack.sql("SELECT app, name FROM django_migrations ORDER BY id", database=database)
    return [row for row in rows if row[0] in ("sessions", "sessiond")]


def sessiond_migrate(stack, database, *words):
    done = stack.sessiond("migrate", *words, DATABASE_URL=stack.database_url(database))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_django_has_nothing_to_do_after_sessiond(stack, database, manage):
    assert "Applying sessions.0001_initial... OK" in sessiond_migrate(stack, database)
    mine = described(stack, database)
    assert "Applying sessions" not in manage("migrate")
    assert "[X] 0001_initial" in manage("showmigrations", "sessions")
    assert described(stack, database) == mine
    assert recorded(stack, database).count(("sessions", "0001_initial")) == 1


def test_sessiond_has_nothing_to_do_after_django(stack, database, manage):
    assert "Applying sessions.0001_initial... OK" in manage("migrate")
    theirs = described(stack, database)
    assert "Applying sessions.0001_initial" not in sessiond_migrate(stack, database)
    assert described(stack, database) == theirs
    assert recorded(stack, database).count(("sessions", "0001_initial")) == 1


def test_both_make_the_same_tables(stack, database, manage):
    sessiond_migrate(stack, database)
    query = (
        "SELECT column_name, data_type, is_nullable, is_identity, character_maximum_length "
        "FROM information_schema.columns WHERE table_name = 'django_migrations' ORDER BY ordinal_position"
    )
    mine, tables = stack.sql(query, database=database), described(stack, database)
    stack.sql("DROP TABLE django_session, django_migrations", database=database)
    manage("migrate", "sessions")
    assert stack.sql(query, database=database) == mine
    assert described(stack, database) == tables


def test_a_second_run_says_that_nothing_is_to_be_done(stack, database):
    sessiond_migrate(stack, database)
    assert "No migrations to apply." in sessiond_migrate(stack, database)


def test_the_plan_changes_nothing(stack, database):
    assert "0001_initial" in sessiond_migrate(stack, database, "--plan")
    assert not stack.sql("SELECT 1 FROM pg_tables WHERE tablename LIKE 'django%%'", database=database)
    sessiond_migrate(stack, database)
    assert "0001_initial" not in sessiond_migrate(stack, database, "--plan")


def test_migrations_that_start_together_do_not_meet(stack, database):
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda _: sessiond_migrate(stack, database), range(4)))
    assert sum("Applying sessions.0001_initial... OK" in output for output in outputs) == 1
    assert recorded(stack, database).count(("sessions", "0001_initial")) == 1


def test_the_files_work_with_psql_alone_and_twice(stack, database, manage):
    files = sorted((ROOT / "sql").glob("*.sql"))
    assert files[0].name == "0001_initial.sql"
    command = ["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", stack.database_url(database)]
    for file in files:
        subprocess.run([*command, "-f", file], check=True, capture_output=True)
    mine = described(stack, database)
    for file in files:
        subprocess.run([*command, "-f", file], check=True, capture_output=True)
    assert described(stack, database) == mine
    sessiond_migrate(stack, database)
    stack.sql("DROP TABLE django_session, django_migrations", database=database)
    manage("migrate", "sessions")
    assert described(stack, database) == mine


def test_each_file_names_its_label_on_the_first_line():
    for file in (ROOT / "sql").glob("*.sql"):
        label, _, name = file.read_text().splitlines()[0].removeprefix("-- ").partition(".")
        assert label in ("sessions", "sessiond") and name == file.stem
