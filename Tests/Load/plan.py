"""What a run of the load test is made of, and how long it takes."""

from dataclasses import dataclass
from typing import Callable

from figures import Figures

OVERHEAD = 2
"""Seconds that a checked run of wrk or ab takes beside its own: the table is filled, written out and counted."""


@dataclass
class Plan:
    """What every measurement is given."""

    bench: object
    peers: list
    rounds: int
    seconds: int
    figures: Figures
    say: Callable
    backlog: int = 2_000_000
    """Expired rows that the workers remove by themselves."""

    @property
    def sessiond(self):
        """The one that is judged."""
        return next(peer for peer in self.peers if peer.kind == "sessiond")

    @property
    def c_program(self):
        return next(peer for peer in self.peers if peer.kind == "c")

    def runs(self, count, seconds=None):
        """How long so many checked runs take."""
        return count * ((self.seconds if seconds is None else seconds) + OVERHEAD)


def minutes(seconds):
    return f"{seconds // 60:.0f} min {seconds % 60:02.0f} s"
