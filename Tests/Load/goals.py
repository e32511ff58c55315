"""The goals, as data, and whether a run has met them."""

from dataclasses import dataclass
from typing import Callable

from compare import runs_of

LOADS = ("form", "session read", "login")
CEILING_NOTE = ("The ceiling is the same figure of the responder that does nothing, the most that nginx, wrk and this "
                "machine leave room for. Its 1,024 connections ask for forms alone.")


@dataclass(frozen=True)
class Goal:
    name: str
    figure: Callable
    """Takes it from the figures; None where it was not measured."""
    bound: float
    at_least: bool = False
    quick: bool = False
    """Whether one short round says enough to judge it."""
    ceiling: Callable = lambda _: None
    """The same figure of the responder that does nothing: what nginx, wrk and this machine leave room for."""

    def is_met(self, seen):
        return seen >= self.bound if self.at_least else seen <= self.bound


@dataclass(frozen=True)
class Judgement:
    """A goal, what a run has seen of it and of its ceiling, and the verdict."""

    goal: Goal
    seen: float | None
    ceiling: float | None
    verdict: str


# -- who is looked at

def judged(figures):
    """Of several sessionds, the first."""
    return figures.of_kind("sessiond")[0]


def nothing(figures):
    """The responder that does nothing; None where it took no part."""
    return next(iter(figures.of_kind("nothing")), None)


# -- what the goals are about

def throughput_to(kinds, load, of=judged):
    """The ratio to the best peer of these kinds."""
    def figure(figures):
        ratios = [figures.ratio("rate", runs_of(load, of(figures)), runs_of(load, peer))
                  for peer in figures.of_kind(*kinds)]
        return min((ratio for ratio in ratios if ratio is not None), default=None)
    return figure


def p99_to_c(load):
    def figure(figures):
        ratios = [figures.ratio("p99", runs_of(load, judged(figures)), runs_of(load, peer))
                  for peer in figures.of_kind("c")]
        return max((ratio for ratio in ratios if ratio is not None), default=None)
    return figure


def alone_to_c(load):
    def figure(figures):
        one = {"step": "connections", "connections": 1, "load": load}
        mine, theirs = ({**one, "peer": figures.of_kind(kind)[0]} for kind in ("sessiond", "c"))
        return figures.ratio("p50", mine, theirs)
    return figure


def many_to_usual(value, load, of=judged):
    def figure(figures):
        many, usual = ({"step": "connections", "connections": count, "load": load, "peer": of(figures)}
                       for count in (1024, 64))
        return figures.ratio(value, many, usual)
    return figure


def errors_at_many(figures):
    runs = figures.select(step="connections", connections=1024, peer=judged(figures))
    return sum(run.errors for run in runs) if runs else None


def growth(load, rows):
    def figure(figures):
        many, few = ({"step": "rows", "load": load, "rows": count} for count in (rows, 10_000))
        return figures.ratio("rate", many, few)
    return figure


def number(step, name):
    return lambda figures: figures.numbers[step][name] if step in figures.numbers else None


def memory_growth(figures):
    memory = figures.numbers.get("memory")
    return memory["last"] - memory["first"] if memory else None


def processor_time(place):
    return lambda figures: figures.numbers["processor"][place]["ratio"] if "processor" in figures.numbers else None


# -- the goals

THROUGHPUT = [
    (("c",), "the C program", (1.3, 2.0, 2.5)),
    (("go",), "Go", (3.5, 4, 3.5)),
    (("php",), "PHP-FPM", (2, 6, 8)),
    (("django-gunicorn", "django-uwsgi"), "the better Django", (15, 25, 25)),
    (("nothing",), "the do-nothing responder", (0.85, 0.70, 0.38)),
]

GOALS = [
    *(Goal(f"{load}: throughput to {title}", throughput_to(kinds, load), bound, at_least=True, quick=True,
           ceiling=throughput_to(kinds, load, of=nothing))
      for kinds, title, bounds in THROUGHPUT for load, bound in zip(LOADS, bounds)),
    *(Goal(f"{load}: p99 at 64 connections to the C program's", p99_to_c(load), 1) for load in LOADS),
    *(Goal(f"{load}: latency of one request alone to the C program's", alone_to_c(load), 1.3) for load in LOADS),
    Goal("errors at 1,024 connections", errors_at_many, 0),
    *(Goal(f"{load}: throughput at 1,024 connections to that at 64", many_to_usual("rate", load), 0.9, at_least=True,
           ceiling=many_to_usual("rate", "form", of=nothing)) for load in LOADS),
    *(Goal(f"{load}: p99 at 1,024 connections to that at 64", many_to_usual("p99", load), 1024 / 64,
           ceiling=many_to_usual("p99", "form", of=nothing)) for load in LOADS),
    *(Goal(f"{load}: throughput with {rows:,} rows to that with 10,000", growth(load, rows), 0.85, at_least=True)
      for load in ("session read", "login") for rows in (1_000_000, 10_000_000)),
    Goal("session read: throughput kept beside clearsessions", number("clearing", "kept"), 0.8, at_least=True),
    Goal("errors beside clearsessions", number("clearing", "errors"), 0),
    Goal("gate: throughput to Django's view behind gunicorn", number("gate", "to_django"), 8, at_least=True),
    Goal("gate: throughput to that of the file without one", number("gate", "share"), 0.12, at_least=True),
    Goal("memory of a worker at 64 connections, MiB", number("memory", "at_64"), 24),
    Goal("memory of a worker at 1,024 connections, MiB", number("memory", "at_1024"), 48),
    Goal("memory of a worker, growth over 5 million requests, MiB", memory_growth, 1),
    Goal("start to first answer, ms", number("startup", "median"), 50),
    *(Goal(f"session read: processor time to the C program's, {at}", processor_time(place), 0.5)
      for place, at in enumerate(("4,000/s", "10,000/s"))),
    Goal("unknown user and wrong password: p-value of their times", number("timing", "p"), 0.01, at_least=True),
    Goal("session read: p99 beside 8 logins to that alone", number("hashing", "p99"), 2),
]


def judge(figures, quick=False):
    """Each goal in turn."""
    for goal in GOALS:
        seen = goal.figure(figures) if goal.quick or not quick else None
        verdict = "not measured" if seen is None else "met" if goal.is_met(seen) else "MISSED"
        yield Judgement(goal, seen, goal.ceiling(figures), verdict)


def table(judgements):
    lines = [f"{'goal':66}{'bound':>9}{'seen':>9}{'ceiling':>9}"]
    for judgement in judgements:
        goal = judgement.goal
        bound = f"{'≥' if goal.at_least else '≤'} {goal.bound:g}"
        lines.append(f"{goal.name:66}{bound:>9}{in_table(judgement.seen):>9}{in_table(judgement.ceiling):>9}"
                     f"  {judgement.verdict}")
    return "\n".join(lines)


def in_table(figure):
    return "–" if figure is None else f"{figure:.2f}"
