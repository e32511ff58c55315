"""A scenario's run: its site, its clients, and the verdict on their history."""

import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import history
from clients import Clients
from stack import wait_until
from website import Site

SAMPLE = 2000  # so many sessions are read once more at the end


class Skipped(Exception):
    """What the scenario needs is not on this machine."""


@dataclass
class Expected:
    """What a scenario allows beside a history that is sound."""

    statuses: set = field(default_factory=lambda: {200})
    outage: float | None = None  # seconds
    failed: int | None = None  # requests


@dataclass
class Result:
    name: str
    faults: list  # why it failed
    events: list = field(default_factory=list)
    findings: history.Findings = None
    skipped: str | None = None
    notes: list = field(default_factory=list)
    took: float = 0.0

    @property
    def verdict(self):
        return "skipped" if self.skipped else "FAILED" if self.faults else "passed"


class Trial:
    """What a scenario is given. `seconds` is how long the load goes on between its steps."""

    def __init__(self, program, threads=6, seconds=2.0, seed=1, accounts=False, minutes=1.0):
        self.program, self.threads, self.seconds, self.seed = program, threads, seconds, seed
        self.accounts, self.minutes = accounts, minutes
        self.notes = []  # figures beside those of the table
        self.site = self.clients = None
        self.has_table = True  # whether it is django_session that tells which sessions there are
        self.events = []

    def prepare(self, **options):
        """A site that is not started yet; the options are those of `Site`."""
        self.site = Site(self.program, accounts=self.accounts, **options)
        return self.site

    def start(self, **options):
        return self.prepare(**options).start()

    @contextmanager
    def load(self):
        """Clients are at work while the block runs; it begins once they are well, and ends once they are well again."""
        self.clients = Clients(self.site, self.threads, self.seed)
        self.events = self.clients.events
        with self.clients.at_work():
            self.go_on()
            yield self.clients
            self.go_on()

    def go_on(self, seconds=None, within=30):
        """Lets time pass, and then waits until all kinds of requests have been answered well again."""
        time.sleep(self.seconds if seconds is None else seconds)
        before = {action: self.clients.done(action) for action in ("login", "read", "logout")}
        wait_until(lambda: all(self.clients.done(action) >= before[action] + 5 for action in before), within,
                   "service as before")

    def sessions_are_read(self):
        """Fails where one of the last sessions cannot be read; whose they are is for `judge` to say."""
        for key in self.clients.keys[-10:]:
            status = self.clients.read(key).status
            assert status == 200, f"a session could be read, and the status is {status}"

    def judge(self, expected):
        """What failed, and the findings; looks at each session once more."""
        wait_until(self.site.is_served, what="the form")
        measured = [event for event in self.events if event.is_request]
        keys = self.clients.keys
        for key in keys[:: len(keys) // SAMPLE + 1]:
            wait_until(lambda key=key: self.clients.read(key).is_done, what="the last look at a session")
        findings = history.check(self.events, self.site.stored() if self.has_table else None)
        faults = findings.lost[:5] + findings.wrong[:5]
        seen = history.failures(measured)
        for status in seen.keys() - expected.statuses:
            faults.append(f"{seen[status]} answers with status {status}, which this fault does not excuse")
        outage, failed = history.longest_outage(measured), sum(seen.values())
        if expected.outage is not None and outage > expected.outage:
            faults.append(f"an outage of {outage:.1f} s, though {expected.outage:g} s are allowed")
        if expected.failed is not None and failed > expected.failed:
            faults.append(f"{failed} requests failed, though {expected.failed} may")
        self.events = measured
        return faults, findings


def run(name, function, **options):
    """Runs a scenario to its end, whatever happens in it."""
    trial = Trial(**options)
    start = time.monotonic()
    result = Result(name, [])
    try:
        expected = function(trial)
        result.faults, result.findings = trial.judge(expected)
    except Skipped as reason:
        result.skipped = str(reason)
    except Exception as error:  # noqa: BLE001 - the other scenarios run all the same
        result.faults.append(f"{type(error).__name__}: {error}")
    finally:
        result.events, result.notes, result.took = trial.events, trial.notes, time.monotonic() - start
        if trial.site is not None:
            if result.faults:
                print(last_words(trial.site), flush=True)
            trial.site.stop()
    return result


def last_words(site):
    """The end of each log, for a scenario that failed."""
    texts = []
    for name in ("worker.log", "postgres.log", "nginx.log"):
        try:
            texts.append(f"-- {name}\n" + "\n".join(site.log(name).splitlines()[-12:]))
        except OSError:
            pass
    return "\n".join(texts)
