"""The scenarios by their names: each does one thing to a site under load, and says what its users may notice."""

import os
import shutil
from dataclasses import dataclass
from importlib import import_module

from trial import Skipped

MODULES = ("workers", "postgres", "failover", "patroni", "network", "nginx", "visitors", "limits", "redis", "data",
           "soak")


@dataclass
class Scenario:
    run: object
    is_short: bool
    title: str


SCENARIOS = {}


def scenario(function=None, *, short=False, root=False, needs=()):
    """Registers a scenario; its docstring is its title.

    - Parameter needs: programs that must be there.
    """

    def register(function):
        def checked(trial):
            if root and os.getuid() != 0:
                raise Skipped("only root can do it")
            for program in needs:
                if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
                    raise Skipped(f"{program} is not installed")
            return function(trial)

        title = " ".join(function.__doc__.split())
        SCENARIOS[function.__name__.replace("_", "-")] = Scenario(checked, short, title)
        return function

    return register(function) if function else register


def load_all():
    for name in MODULES:
        import_module(f"scenarios.{name}")
    return SCENARIOS
