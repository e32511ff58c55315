"""Interleaved rounds over all peers and loads, with wrk and with ab, and the tables of what came out."""

from statistics import median

import wrk
from ab import Ab
from bench import SESSIONS
from measure import check_sessions, measure
from wrk import Wrk

TITLE = "rounds of all peers"
WARM_UP = 1
AB_SHARE = 0.5
"""How long a run of ab is, measured by one of wrk."""
AB_NOTE = ("ab has one thread, which is the bottleneck of fast peers, and repeats one request: all its session reads "
           "are of one session. A peer that does not say the length of its pages makes it open a connection for each.")


def seconds(plan):
    runs = 3 * len(plan.peers)
    ab = max(1, AB_SHARE * plan.seconds)
    return plan.runs(runs, WARM_UP) + plan.rounds * (plan.runs(runs) + plan.runs(runs, ab))


def run(plan):
    bench, peers = plan.bench, plan.peers
    loads = wrk.loads(bench)
    for peer in peers:
        if peer.works:
            check_sessions(bench, peer, loads)
    expected = {}
    for load in loads:
        for peer in peers:
            bench.reset()
            expected[load.name, peer.name] = measure(bench, peer, load, Wrk(WARM_UP)).rate
    for number in range(1, plan.rounds + 1):
        # Whoever goes first in one round goes last in the next.
        order = peers if number % 2 == 1 else peers[::-1]
        for load in loads:
            for peer in order:
                requests = max(200, int(expected[load.name, peer.name] * plan.seconds * AB_SHARE))
                rates = []
                for tool in (Wrk(plan.seconds), Ab(requests)):
                    bench.reset()
                    result = measure(bench, peer, load, tool)
                    plan.figures.add("rounds", number, peer, load, tool, SESSIONS, result)
                    rates.append(f"{tool.name} {result.rate:>7,.0f}")
                plan.say(f"round {number}/{plan.rounds}  {load.name:12}  {peer.title:24}{'  '.join(rates)} requests/s")


# -- what came out

def runs_of(load, peer, tool="wrk"):
    return {"step": "rounds", "load": load, "tool": tool, "peer": peer}


def base(figures, load, tool):
    """The peer that the others are compared to: the best of the C program's sizes under this load."""
    return max(figures.of_kind("c"), key=lambda peer: figures.median("rate", **runs_of(load, peer, tool)))


def ratios(figures, load, peer, tool="wrk"):
    """Each round's throughput over the base's in the same round."""
    return figures.ratios("rate", runs_of(load, peer, tool), runs_of(load, base(figures, load, tool), tool))


def reaches(figures, floor):
    """Whether every sessiond is at this ratio to the C program, or above it, in every load."""
    return all(median(ratios(figures, load, peer)) >= floor
               for load in loads_of(figures) for peer in figures.of_kind("sessiond"))


def loads_of(figures):
    return list(dict.fromkeys(run.load for run in figures.select(step="rounds")))


def table(figures, tool):
    """Medians of all rounds, with the least and the greatest."""
    kept = f"{'kept':>7}" if tool == "ab" else ""
    head = f"{'requests/s':>11}{'least–greatest':>18}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>7}{'its spread':>13}{kept}"
    lines = [f"{tool:26}{head}"]
    for load in loads_of(figures):
        lines.append(load)
        for peer in figures.peers:
            lines.append(line(figures, load, peer, tool))
    if figures.of_kind("nothing"):
        lines.append("\n* one page for every request, no session and no row: a ceiling, counted by status and size")
    return "\n".join(lines)


def line(figures, load, peer, tool):
    runs = figures.select(**runs_of(load, peer, tool))
    rates, to_first = [run.rate for run in runs], ratios(figures, load, peer, tool)
    p50, p99 = (median(values) / 1000 for values in zip(*((run.p50, run.p99) for run in runs)))
    kept = f"{min(run.kept for run in runs):>7.0%}" if tool == "ab" else ""
    return (f"  {figures.peers[peer]:24}{median(rates):>11,.0f}{spread(rates, ',.0f'):>18}{p50:>9.2f}{p99:>9.2f}"
            f"{median(to_first):>7.2f}{spread(to_first, '.2f'):>13}{kept}")


def spread(values, form):
    return f"{min(values):{form}}–{max(values):{form}}"
