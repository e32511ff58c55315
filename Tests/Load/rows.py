"""Session reads and logins on tables of 10 thousand, 1 million and 10 million sessions."""

import hashlib
import random
import shutil
import time

import wrk
from measure import measure
from wrk import Wrk

TITLE = "growth with rows"
SIZES = (10_000, 1_000_000, 10_000_000)
ROW_BYTES = 900
"""Disk that is asked for each row: twice what it takes with its three index entries, for the log and for sorting."""
BUILD_RATE = 100_000
"""Rows a second, for the plan."""
KEYS = 200_000
"""How many sessions are read, spread over the whole table in no order."""
LOADS = ("session read", "login")
WARM_UP = Wrk(2)
"""Beforehand, unmeasured: the peer prepares its statements anew for the other table, and the first change of each page
after a checkpoint goes to PostgreSQL's log as a whole page."""


def seconds(plan):
    return sum(SIZES) / BUILD_RATE + plan.rounds * plan.runs(len(SIZES) * len(LOADS), WARM_UP.seconds + plan.seconds)


def run(plan):
    tables = Tables(plan.bench)
    try:
        loads = {}
        for size in SIZES:
            free = shutil.disk_usage(plan.bench.directory).free
            if size * ROW_BYTES > free:
                plan.say(f"{size:,} rows are left out: they need {size * ROW_BYTES / 1e9:.1f} GB of disk, "
                         f"and {free / 1e9:.1f} are free")
                continue
            began = time.monotonic()
            tables.build(size)
            loads[size] = [load for load in wrk.loads(plan.bench, spread_keys(size)) if load.name in LOADS]
            plan.say(f"{size:,} rows made in {time.monotonic() - began:.0f} s")
        for number in range(1, plan.rounds + 1):
            for size in loads if number % 2 == 1 else reversed(loads):
                tables.show(size)
                for load in loads[size]:
                    tables.clean()
                    WARM_UP.run(load, plan.bench.ports[plan.sessiond.name], plan.bench.directory)
                    result = measure(plan.bench, plan.sessiond, load, Wrk(plan.seconds))
                    plan.figures.add("rows", number, plan.sessiond, load, Wrk(plan.seconds), size, result)
                    plan.say(f"round {number}/{plan.rounds}  {load.name:12}  {size:>10,} rows "
                             f"{result.rate:>9,.0f} requests/s  p99 {result.p99 / 1000:.2f} ms")
    finally:
        tables.drop()


def spread_keys(size):
    """Keys of sessions from all over the table, so that no part of it is warmer than the rest."""
    numbers = random.Random(size).sample(range(1, size + 1), min(size, KEYS))
    return [hashlib.md5(str(number).encode()).hexdigest() for number in numbers]


class Tables:
    """One django_session of each size, each in a schema of its own; the one that is measured is moved to `public`."""

    def __init__(self, bench):
        self.sql = bench.sql
        self.indexes = [definition for (definition,) in bench.sql(
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'django_session'")]
        self.sql("CREATE SCHEMA rows_before")
        self.shown = "rows_before"
        self.schemas = [self.shown]

    def build(self, size):
        """Sessions as a site has them: of all ages, under random keys, each with valid data. Indexes are made last.

        Their expire dates lie before those of any login to come.
        """
        schema = f"rows_{size}"
        self.schemas.append(schema)
        self.sql(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.django_session (LIKE public.django_session)")
        self.sql(f"INSERT INTO {schema}.django_session SELECT md5(n::text), session_data, "
                 "expire_date - random() * interval '10 days' "
                 f"FROM generate_series(1, {size}) AS n, (SELECT * FROM load_sessions LIMIT 1) AS alice")
        for index in self.indexes:
            definition = index.replace(" public.", f" {schema}.")
            self.sql(f"SET maintenance_work_mem = '512MB'; {definition}")
        self.sql(f"VACUUM ANALYZE {schema}.django_session")
        self.sql("CHECKPOINT")

    def show(self, size):
        self.swap(f"rows_{size}")

    def swap(self, schema):
        """Moves another table to where the peers look; they notice that the one they knew is gone."""
        if schema != self.shown:
            self.sql(f"ALTER TABLE public.django_session SET SCHEMA {self.shown}; "
                     f"ALTER TABLE {schema}.django_session SET SCHEMA public")
            self.shown = schema

    def clean(self):
        """Removes what logins have added."""
        self.sql("DELETE FROM django_session WHERE expire_date > (SELECT max(expire_date) FROM load_sessions)")
        self.sql("VACUUM ANALYZE django_session")
        self.sql("CHECKPOINT")

    def drop(self):
        self.swap("rows_before")
        for schema in self.schemas:
            self.sql(f"DROP SCHEMA {schema} CASCADE")
