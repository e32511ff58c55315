"""What a fresh worker holds in memory: at 64 connections, at 1,024, and after five million requests."""

from dataclasses import replace

import wrk
from measure import measure
from wrk import Wrk

TITLE = "memory of a worker"
LONG_RUN = 5_000_000
FIRST = 0.1
"""The share of the long run after which a worker must have all the memory that it needs."""
SHARES = {"form": 2, "session read": 2, "login": 1}
"""How long each request is made in the long run, in turns."""
RATE = 20_000
"""Requests a second, for the plan."""


def seconds(plan):
    turn = sum(plan.runs(1, plan.seconds * share) for share in SHARES.values())
    return plan.runs(2 * 3) + LONG_RUN / RATE * turn / (plan.seconds * sum(SHARES.values()))


def run(plan):
    bench = plan.bench
    peer = replace(plan.sessiond, name="memory", title=f"{plan.sessiond.title}, fresh")
    bench.add(peer)
    workers = bench.processes[peer.name]
    peaks = {}
    for connections in (64, 1024):
        forget_peaks(workers)
        for load in wrk.loads(bench):
            bench.reset()
            measure(bench, peer, load, Wrk(plan.seconds, connections=connections))
        peaks[connections] = mebibytes(workers, "VmHWM")
        plan.say(f"{connections:,} connections: a worker holds {peaks[connections]:.1f} MiB at most")
    first, last, requests = long_run(plan, peer, workers)
    plan.figures.numbers["memory"] = {"at_64": peaks[64], "at_1024": peaks[1024], "first": first, "last": last,
                                      "requests": requests}
    plan.say(f"after {requests:,} requests {last:.2f} MiB, {first:.2f} after the first tenth")


def long_run(plan, peer, workers):
    """What the largest worker holds after a tenth of the requests, and after all."""
    bench, requests, first = plan.bench, 0, None
    while requests < LONG_RUN:
        for load in wrk.loads(bench):
            bench.reset()
            requests += measure(bench, peer, load, Wrk(plan.seconds * SHARES[load.name])).requests
        if first is None and requests >= FIRST * LONG_RUN:
            first = mebibytes(workers, "VmRSS")
    return first, mebibytes(workers, "VmRSS"), requests


def forget_peaks(processes):
    """From here on VmHWM is the greatest VmRSS since now."""
    for process in processes:
        with open(f"/proc/{process}/clear_refs", "w") as file:
            file.write("5")


def mebibytes(processes, name):
    """The greatest such figure of the processes' /proc/PID/status."""
    return max(kibibytes(process, name) for process in processes) / 1024


def kibibytes(process, name):
    with open(f"/proc/{process}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(f"{name}:"))
