"""`sessiond clearsessions` removes a million expired rows while sessions are read."""

from statistics import median

import wrk
from measure import judge, require, right_sample
from stack import end
from wrk import Wrk

TITLE = "clearing expired rows"
EXPIRED = 1_000_000
WINDOW, IDLE_WINDOWS = Wrk(2), 5
LONGEST = 300
"""Seconds after which the clearing is given up."""


def seconds(plan):
    return 90


def run(plan):
    """Windows of equal length before, while and after the rows are removed; those that end later count as neither."""
    bench, peer = plan.bench, plan.sessiond
    load = next(load for load in wrk.loads(bench) if load.name == "session read")
    bench.reset()
    bench.sql("INSERT INTO django_session SELECT md5('expired' || n), session_data, "
              "now() - interval '1 second' - random() * interval '30 days' "
              f"FROM generate_series(1, {EXPIRED}) AS n, (SELECT * FROM load_sessions LIMIT 1) AS alice")
    bench.sql("VACUUM ANALYZE django_session")
    bench.sql("CHECKPOINT")
    sample, live, errors = right_sample(bench, peer, load), bench.rows(), 0

    def window():
        nonlocal errors
        result = WINDOW.run(load, bench.ports[peer.name], bench.directory)
        errors += result.errors
        if not result.errors:
            judge(bench, peer, load, WINDOW, sample, result)
        return result.rate

    idle = [window() for _ in range(IDLE_WINDOWS)]
    clearing, beside = bench.spawn(bench.program, "clearsessions", log="clearsessions.log"), []
    try:
        while len(beside) * WINDOW.seconds < LONGEST:
            rate = window()
            if clearing.poll() is not None:
                break
            beside.append(rate)
        require(clearing.poll() == 0, f"clearsessions did not end well: {bench.log('clearsessions.log')[-500:]}")
    finally:
        end(clearing)
    left = bench.sql("SELECT count(*) FROM django_session WHERE expire_date <= now()")[0][0]
    require(left == 0 and bench.rows() == live, f"clearsessions left {left} expired rows of {EXPIRED}, or took others")
    require(beside, f"clearsessions was done in less than {WINDOW.seconds} s")
    idle += [window() for _ in range(IDLE_WINDOWS)]
    plan.figures.numbers["clearing"] = {"kept": median(beside) / median(idle), "errors": errors,
                                        "idle": idle, "beside": beside}
    plan.say(f"{EXPIRED:,} rows removed in about {len(beside) * WINDOW.seconds} s, and beside it "
             f"{median(beside):,.0f} session reads/s; before and after {median(idle):,.0f}; {errors} errors")
