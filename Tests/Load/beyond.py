"""What the steps of deploy/README.md cost: PgBouncer between the workers and PostgreSQL, and a table in partitions."""

import re
from contextlib import contextmanager
from dataclasses import replace
from statistics import median

from measure import judge, require, right_sample
from wrk import Wrk, loads

TITLE = "PgBouncer and partitions"
LOADS = ("session read", "login")
PARTITIONS = 16
ROWS = 1_000_000
"""In the table that is copied into partitions and back."""


def seconds(plan):
    return 60 + 2 * plan.runs(plan.rounds * 2 * len(LOADS))


def run(plan):
    with plan.bench.pgbouncer() as pooler:
        compare(plan, "pooler", "through PgBouncer", pooler.url())
    with schema(plan) as url:
        compare(plan, "partitions", f"in {PARTITIONS} partitions", url)


def compare(plan, name, how, url):
    """Rounds of sessiond as it is and of one that is set up with another address, which take turns in going first."""
    bench, measured = plan.bench, {}
    other = replace(plan.sessiond, name=f"{plan.sessiond.name}-{name}",
                    environment={**plan.sessiond.environment, "DATABASE_URL": url})
    bench.add(other)
    for number in range(plan.rounds):
        for load in (load for load in loads(bench) if load.name in LOADS):
            rates = {}
            for peer in (plan.sessiond, other) if number % 2 == 0 else (other, plan.sessiond):
                bench.reset()
                sample = right_sample(bench, peer, load)
                result = Wrk(plan.seconds).run(load, bench.ports[peer.name], bench.directory)
                judge(bench, peer, load, Wrk(plan.seconds), sample, result)
                rates[peer.name] = result.rate
            measured.setdefault(load.name, []).append(rates[other.name] / rates[plan.sessiond.name])
    plan.figures.numbers[name] = {load: median(ratios) for load, ratios in measured.items()}
    for load, ratio in plan.figures.numbers[name].items():
        plan.say(f"{load:<13} {how}: {ratio:.2f} times as many requests a second as without")
    bench.remove(other)


@contextmanager
def schema(plan):
    """A schema with the same sessions in partitions, which are first made of a large table; gives the address."""
    bench = plan.bench
    url = f"{bench.database_url()}&options=-csearch_path%3Dpartitions"
    bench.sql("CREATE SCHEMA partitions")

    def migrate(*words):
        done = bench.sessiond("migrate", *words, DATABASE_URL=url)
        require(done.returncode == 0, done.stderr)
        return done.stdout

    try:
        migrate()
        bench.sql(f"INSERT INTO partitions.django_session SELECT md5(n::text), session_data, expire_date "
                  f"FROM generate_series(1, {ROWS}) AS n, (SELECT * FROM load_sessions LIMIT 1) AS alice")
        bench.sql("CHECKPOINT")
        told = re.search(r"locked for ([0-9.]+)", migrate("--partitions", str(PARTITIONS)))
        require(told, "nothing is said of the lock")
        plan.figures.numbers["copy"] = {"rows": ROWS, "seconds": float(told[1])}
        plan.say(f"{ROWS:,} rows copied into {PARTITIONS} partitions; the table was locked for {told[1]} s")
        bench.sql("TRUNCATE partitions.django_session")
        bench.sql("INSERT INTO partitions.django_session SELECT * FROM load_sessions")
        bench.sql("VACUUM ANALYZE partitions.django_session")
        yield url
    finally:
        bench.sql("DROP SCHEMA partitions CASCADE")
