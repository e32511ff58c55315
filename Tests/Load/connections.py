"""One connection, where nothing can be batched, and 1,024, where much waits: beside the usual 64."""

import wrk
from bench import SESSIONS
from measure import measure
from wrk import Wrk

TITLE = "1 and 1,024 connections"
ALONE, USUAL, MANY = Wrk(3, connections=1, threads=1), wrk.CONNECTIONS, 1024


def seconds(plan):
    return plan.rounds * (plan.runs(2 * 3, ALONE.seconds) + plan.runs(2 * 3 + 2 * len(ceilings(plan))))


def ceilings(plan):
    """The responder that does nothing, where it takes part."""
    return [peer for peer in plan.peers if peer.kind == "nothing"]


def run(plan):
    """1,024 connections are sessiond's, and for forms those of who does nothing, to which all requests are the same. A
    thread each for them is no configuration of the C program's.

    nginx has the production's configuration: 2,048 connections for each of its processes, a pair for each client.
    """
    for number in range(1, plan.rounds + 1):
        for load in wrk.loads(plan.bench):
            waiting = [plan.sessiond, *(ceilings(plan) if load.name == "form" else [])]
            cases = [(plan.c_program, ALONE), (plan.sessiond, ALONE),
                     *((peer, Wrk(plan.seconds, connections=count)) for count in (USUAL, MANY) for peer in waiting)]
            for peer, tool in cases if number % 2 == 1 else cases[::-1]:
                plan.bench.reset()
                result = measure(plan.bench, peer, load, tool, may_fail=True)
                plan.figures.add("connections", number, peer, load, tool, SESSIONS, result)
                plan.say(f"round {number}/{plan.rounds}  {load.name:12}  {peer.title:24}{tool.connections:>6,} "
                         f"connections {result.rate:>9,.0f} requests/s  p50 {result.p50 / 1000:.2f} ms  "
                         f"p99 {result.p99 / 1000:.2f} ms" + f"  {result.errors} errors" * (result.errors > 0))
