"""Processor time of a session read, worker and PostgreSQL together, at the same throughput for every peer."""

import os
from statistics import median

import wrk
from measure import judge, require, right_sample
from wrk import Wrk

TITLE = "processor time"
PACES = (15, 4)
"""Mean pauses of each of 64 connections, in milliseconds: about 4,000 requests a second; and about 10,000, which is
near the most that the C program can do. The fewer requests there are, the less a batch saves."""
LENGTH = 5
ALIKE = 0.15
"""How much the throughput of two peers may differ to be called equal."""
TICKS = os.sysconf("SC_CLK_TCK")


def seconds(plan):
    return plan.rounds * len(PACES) * plan.runs(2, LENGTH)


def run(plan):
    plan.figures.numbers["processor"] = [at_pace(plan, pace) for pace in PACES]


def at_pace(plan, pace):
    bench, peers, tool = plan.bench, [plan.c_program, plan.sessiond], Wrk(LENGTH, delay=pace)
    load = next(load for load in wrk.loads(bench) if load.name == "session read")
    costs, rates = {peer.name: [] for peer in peers}, {peer.name: [] for peer in peers}
    for number in range(plan.rounds):
        for peer in peers if number % 2 == 0 else peers[::-1]:
            bench.reset()
            sample, before = right_sample(bench, peer, load), used(bench, peer)
            result = tool.run(load, bench.ports[peer.name], bench.directory)
            cost = [(after - start) / result.requests * 1e6 for start, after in zip(before, used(bench, peer))]
            judge(bench, peer, load, tool, sample, result)
            costs[peer.name].append(cost)
            rates[peer.name].append(result.rate)
            plan.say(f"round {number + 1}/{plan.rounds}  {peer.title:24}{result.rate:>9,.0f} requests/s  "
                     f"{cost[0]:.0f} µs of its own and {cost[1]:.0f} µs of PostgreSQL's each")
    c, mine = (median(rates[peer.name]) for peer in peers)
    require(abs(mine / c - 1) < ALIKE, f"the throughput is not equal: {mine:,.0f} and {c:,.0f} requests/s")
    ratios = [sum(mine) / sum(theirs) for theirs, mine in zip(*costs.values())]
    return {"pause": pace, "ratio": median(ratios), "microseconds": costs, "rates": rates}


def used(bench, peer):
    """Processor seconds of the peer and of PostgreSQL up to now."""
    return processor_seconds(bench.processes[peer.name]), processor_seconds([bench.postgres.pid])


def processor_seconds(roots):
    """What these processes and all that came from them have used, those that have ended and were waited for too."""
    parents, ticks = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since
        parents[int(name)] = int(fields[1])
        ticks[int(name)] = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    family = set(roots)
    while more := {process for process, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(ticks.get(process, 0) for process in family) / TICKS
