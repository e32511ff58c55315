"""How long a worker takes from its start to its first answer."""

import time
from statistics import median

from fcgi import compose
from measure import require
from stack import end

TITLE = "start-up"
TIMES = 10


def seconds(plan):
    return TIMES


def run(plan):
    took = sorted(first_answer(plan.bench, number) for number in range(TIMES))
    plan.figures.numbers["startup"] = {"milliseconds": took, "median": median(took)}
    plan.say(f"first answer after {median(took):.1f} ms ({took[0]:.1f}–{took[-1]:.1f}, {TIMES} starts)")


def first_answer(bench, number):
    """Milliseconds from the fork of a worker to the end of its answer; the request waits for it at its socket."""
    address = bench.run / f"start-{number}.sock"
    listener = bench.open_listener(address)
    with bench.fastcgi(str(address)) as connection:
        connection.send(compose())
        began = time.monotonic()
        worker = bench.spawn(bench.program, "serve", log="start.log", stdin=listener)
        try:
            answer = connection.receive()
            took = (time.monotonic() - began) * 1000
        finally:
            end(worker)
    require(answer.status == 200 and b'type="password"' in answer.body, "the first answer of a worker is no form")
    return took
