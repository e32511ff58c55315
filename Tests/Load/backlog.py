"""Workers work off millions of expired rows by themselves, while sessions are read."""

import time
from dataclasses import replace
from statistics import median

from measure import judge, require, right_sample
from wrk import Wrk, loads

TITLE = "a backlog of expired rows"
WINDOW, WINDOWS = Wrk(4, delay=15), 8
"""About 4,000 reads a second: what is left of the machine is the clearing's."""
ROWS_A_SECOND = 20_000
"""What it takes away at the least; only to say how long this lasts."""
SLOWEST = 500


def seconds(plan):
    return 2 * WINDOWS * WINDOW.seconds + plan.backlog * 2 // ROWS_A_SECOND


def fill(bench, count):
    """Expired sessions under random keys, of the last thirty days. Indexes are made last.

    They lie on the disk as they were written, one after the other, but for one in ten, which is anywhere.
    """
    indexes = bench.sql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'django_session'")
    names = bench.sql("SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'django_session' "
                      "AND indexname <> 'django_session_pkey'")
    bench.sql("ALTER TABLE django_session DROP CONSTRAINT django_session_pkey")
    for (name,) in names:
        bench.sql(f'DROP INDEX "{name}"')
    bench.sql("INSERT INTO django_session SELECT md5('expired' || n), session_data, "
              "now() - interval '1 second' - interval '30 days' * "
              f"CASE WHEN n % 10 = 0 THEN random() ELSE 1 - n::float / {count} END "
              f"FROM generate_series(1, {count}) AS n, (SELECT * FROM load_sessions LIMIT 1) AS alice")
    for (definition,) in indexes:
        bench.sql(f"SET maintenance_work_mem = '512MB'; {definition}")


def run(plan):
    """Windows of equal length before and while two workers clear beside their requests; then the time until all are gone."""
    bench = plan.bench
    load = next(load for load in loads(bench) if load.name == "session read")
    bench.reset()
    name = f"{plan.sessiond.name}-clearing"
    clears = {**plan.sessiond.environment, "SESSION_CLEAR_INTERVAL": "1"}
    peer = replace(plan.sessiond, name=name, environment=clears)
    fill(bench, plan.backlog)
    bench.sql("VACUUM ANALYZE django_session")
    bench.sql("CHECKPOINT")
    live = bench.rows()

    def window(name):
        result = WINDOW.run(load, bench.ports[name], bench.directory)
        require(not result.errors, f"{result.errors} reads failed")
        return result

    idle = [window(plan.sessiond.name) for _ in range(WINDOWS)]
    start = time.monotonic()
    bench.add(peer)
    sample = right_sample(bench, peer, load)

    def left():
        return bench.sql("SELECT count(*) FROM (SELECT FROM django_session WHERE expire_date <= now() LIMIT 1) AS one")[0][0]

    beside = []
    while left() and len(beside) < WINDOWS:
        result = window(name)
        judge(bench, peer, load, WINDOW, sample, result)
        beside.append(result)
    while left():
        require(time.monotonic() - start < plan.backlog / SLOWEST + 60, "the backlog is not worked off")
        time.sleep(1)
    took = time.monotonic() - start
    bench.remove(peer)
    require(bench.rows() == live, "sessions that had not expired are gone")
    require(beside, "the backlog was gone before a read was measured")
    p99 = [median(result.p99 for result in results) / 1000 for results in (idle, beside)]
    rates = [median(result.rate for result in results) for results in (idle, beside)]
    plan.figures.numbers["backlog"] = {"rows": plan.backlog, "seconds": took, "p99": p99, "rates": rates}
    plan.say(f"{plan.backlog:,} rows removed in {took:,.0f} s ({plan.backlog / took:,.0f} a second); p99 of session reads "
             f"{p99[0]:.1f} ms before it and {p99[1]:.1f} ms beside it, at {rates[0]:,.0f} and {rates[1]:,.0f} reads/s")
