"""All that was measured in one run, as results.json holds it."""

import json
from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass(frozen=True)
class Run:
    """One checked run of wrk or ab."""

    step: str
    """The measurement that it belongs to."""
    round: int
    peer: str
    load: str
    tool: str
    connections: int
    rows: int
    """How many sessions the table held before it."""
    requests: int
    rate: float
    p50: int
    p99: int
    errors: int
    kept: float


@dataclass
class Figures:
    peers: dict
    """The titles of the peers by their names, in the order in which tables and plots show them."""
    kinds: dict
    """Their kinds: peers of one kind are the same program in several sizes."""
    machine: str = ""
    runs: list = field(default_factory=list)
    numbers: dict = field(default_factory=dict)
    """What is no run: memory, processor time, the start."""

    def add(self, step, number, peer, load, tool, rows, result):
        self.runs.append(Run(step, number, peer.name, load.name, tool.name, tool.connections, rows, result.requests,
                             result.rate, result.p50, result.p99, result.errors, result.kept))

    def select(self, **wanted):
        """The runs of which all this is true, in the order in which they were made."""
        return [run for run in self.runs if all(getattr(run, name) == value for name, value in wanted.items())]

    def median(self, value, **wanted):
        """The median of `rate`, `p50` or `p99` over such runs; None where there is none."""
        values = [getattr(run, value) for run in self.select(**wanted)]
        return median(values) if values else None

    def of_kind(self, *kinds):
        return [name for name, kind in self.kinds.items() if kind in kinds]

    def ratios(self, value, mine, theirs):
        """One ratio a round of two selections of runs; empty where one of them is."""
        return [getattr(one, value) / getattr(other, value)
                for one, other in zip(self.select(**mine), self.select(**theirs))]

    def ratio(self, value, mine, theirs):
        ratios = self.ratios(value, mine, theirs)
        return median(ratios) if ratios else None

    def write(self, path):
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
