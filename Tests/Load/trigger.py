"""What the list of sessions costs those who write sessions: its trigger, beside the same writes without it."""

import re
import secrets
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from statistics import median

import psycopg
from stack import ROOT, SECRET_KEY

TITLE = "the trigger of the list of sessions"
ROUNDS = 21
BATCHES = {1: 100, 64: 12}
"""How many statements of each size, in rows, one round has."""
DJANGO_SAVES = 60
DATA = "x" * 220
LIFETIME = timedelta(days=14)


def seconds(plan):
    return 60


def statements():
    """sessiond's own, by their names in SQL.swift."""
    source = (ROOT / "Sources/DatabaseSessions/SQL.swift").read_text()
    return dict(re.findall(r'static let (\w+) = Statement\(\s*"""\n(.*?)"""', source, re.DOTALL))


def run(plan):
    """Rounds on a database with the trigger and one without, which take turns in going first."""
    bench, figures = plan.bench, {}
    for name in ("without", "with"):
        bench.sql(f"CREATE DATABASE trigger_{name}", database="postgres")
        arguments = ["migrate", "--session-list"] if name == "with" else ["migrate"]
        done = bench.sessiond(*arguments, DATABASE_URL=bench.database_url(f"trigger_{name}"))
        assert done.returncode == 0, done.stderr
    for measured in (sessiond_writes, django_writes):
        with measured(bench) as writers:
            for number in range(ROUNDS):
                for name in sorted(writers, reverse=number % 2 == 0):
                    for what, microseconds in writers[name]().items():
                        figures.setdefault(what, {}).setdefault(name, []).append(microseconds)
                    bench.sql("TRUNCATE django_session", database=f"trigger_{name}")
                bench.sql("TRUNCATE sessiond_session_change", database="trigger_with")
    for what, figure in figures.items():
        ratios = [after / before for before, after in zip(figure["without"], figure["with"])]
        plan.figures.numbers.setdefault("trigger", {})[what] = median(ratios)
        plan.say(f"{what:<28} {median(figure['without']):>7.0f} µs without, {median(figure['with']):>7.0f} µs with: "
                 f"ratio {median(ratios):.2f}")


def timed(body, batches):
    start = time.perf_counter()
    for batch in batches:
        body(batch)
    return (time.perf_counter() - start) / len(batches) * 1e6


@contextmanager
def sessiond_writes(bench):
    """The statements that a worker's batches are made of, each a transaction that is durable."""
    sql, connections = statements(), {}

    def writer(connection):
        cursor = psycopg.RawCursor(connection)

        def work():
            figures, expiry = {}, datetime.now(timezone.utc) + LIFETIME
            for size, count in BATCHES.items():
                batches = [[secrets.token_hex(16) for _ in range(size)] for _ in range(count)]
                rows = [[DATA] * size, [expiry] * size]
                for name, more in (("create", rows), ("update", rows), ("delete", [])):
                    figures[f"sessiond, {name} of {size}"] = timed(
                        lambda keys: cursor.execute(sql[name], [keys, *more], prepare=True), batches)
            return figures

        return work

    try:
        for name in ("without", "with"):
            url = bench.database_url(f"trigger_{name}")
            connections[name] = psycopg.connect(url, autocommit=True, options="-c plan_cache_mode=force_generic_plan")
            connections[name].execute("SET enable_seqscan = off")
        yield {name: writer(connection) for name, connection in connections.items()}
    finally:
        for connection in connections.values():
            connection.close()


@contextmanager
def django_writes(bench):
    """Django's own session store, with a connection that it keeps and with one for each request (its default)."""
    import django
    from django.conf import settings

    def database(name):
        return {"ENGINE": "django.db.backends.postgresql", "NAME": f"trigger_{name}", "USER": "sessiond",
                "HOST": str(bench.run), "CONN_MAX_AGE": None}

    databases = {"default": database("without"), "without": database("without"), "with": database("with")}
    settings.configure(SECRET_KEY=SECRET_KEY, USE_TZ=True, INSTALLED_APPS=["django.contrib.sessions"],
                       DATABASES=databases, DATABASE_ROUTERS=[Router()])
    django.setup()
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connections

    def writer(name):
        def work():
            Router.current, figures = name, {}
            sessions = [SessionStore() for _ in range(DJANGO_SAVES)]

            def create(session):
                session["_auth_user_id"] = "1"
                session.create()

            figures["Django, create"] = timed(create, sessions)
            figures["Django, save"] = timed(lambda session: session.save(), sessions)

            def save_anew(session):
                connections[name].close()
                session.save()

            figures["Django, connect and save"] = timed(save_anew, sessions)
            figures["Django, delete"] = timed(lambda session: session.delete(), sessions)
            return figures

        return work

    try:
        yield {name: writer(name) for name in ("without", "with")}
    finally:
        connections.close_all()


class Router:
    """Sends Django to the database whose turn it is."""

    current = "without"

    def db_for_read(self, model, **hints):
        return self.current

    db_for_write = db_for_read
