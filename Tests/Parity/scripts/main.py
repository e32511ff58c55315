"""The same random scripts on a real Django's sessions and on ours; see Tests/Parity/run --help."""

import argparse
import collections
import os
import random
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "EndToEnd")]

import django_peer  # noqa: E402
from compare import Comparison, Difference, Side  # noqa: E402
from generate import ENGINES, Generator  # noqa: E402
from servers import Servers  # noqa: E402
from shrink import shrink  # noqa: E402
from stores import Place  # noqa: E402
from swift_peer import SwiftPeer  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="Tests/Parity/run", description=__doc__)
    parser.add_argument("--scripts", type=int, default=100, help="how many for each engine and mode (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first script's; the others count on (%(default)s)")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only this one")
    parser.add_argument(
        "--django", choices=["on", "off", "both"], default="both",
        help="whether SESSION_DJANGO_COMPATIBLE is on (%(default)s)")
    parser.add_argument("--shrink", action="store_true", help="print the least script of each difference")
    parser.add_argument("--failures", type=int, default=5, help="end an engine after so many differences (%(default)s)")
    parser.add_argument("--driver", default=".build/debug/ParityDriver", help="the program (%(default)s)")
    return parser.parse_args()


class Run:
    def __init__(self, options, django, swift):
        self.options, self.django, self.swift = options, django, swift
        self.passed = self.failed = 0

    def difference(self, script, used=None):
        comparison = Comparison(self.django, self.swift, collections.Counter() if used is None else used)
        try:
            comparison.run(script)
        except Difference as difference:
            return difference
        return None

    def run(self, engine, compatible):
        used, start, passed, failed = collections.Counter(), time.monotonic(), 0, 0
        for seed in range(self.options.seed, self.options.seed + self.options.scripts):
            rng = random.Random(f"{seed} {engine}")
            script = Generator(rng, engine, compatible).script()
            difference = self.difference(script, used)
            if difference is None:
                passed += 1
                continue
            failed += 1
            mode = "on" if compatible else "off"
            print(f"\nDIFFERENCE --engine {engine} --django {mode} --seed {seed} --scripts 1")
            if self.options.shrink:
                script = shrink(script, lambda script: self.difference(script) is not None)
                difference = self.difference(script) or difference
            show(script, difference)
            if failed >= self.options.failures:
                break
        seconds = time.monotonic() - start
        mode = "Django's way" if compatible else "our defaults"
        print(f"{engine}, {mode}: {passed} passed, {failed} failed, {(passed + failed) / seconds:.0f} a second")
        for name, count in used.most_common():
            print(f"    {count} × {name}")
        self.passed += passed
        self.failed += failed


def show(script, difference):
    print(f"settings: {script['settings']}")
    for step in script["steps"][: difference.number + 1]:
        print("   ", line(step))
    print(f"{difference.step['op']}, {difference.where}:")
    print(f"    Django {str(difference.django)[:2000]}")
    print(f"    Swift  {str(difference.swift)[:2000]}", flush=True)


def line(step, indent=""):
    more = {name: value for name, value in step.items() if name not in ("op", "view", "slot")}
    text = (f"s{step['slot']}." if "slot" in step else "") + step["op"]
    text += "(" + ", ".join(f"{name}={short(value)}" for name, value in more.items()) + ")"
    return text + "".join("\n        " + indent + line(inner, indent + "    ") for inner in step.get("view", []))


def short(value):
    text = repr(value)
    return text if len(text) < 200 else text[:200] + f"… ({len(text)} characters)"


def main():
    options = arguments()
    os.environ["TZ"] = django_peer.TIME_ZONE
    time.tzset()
    with Servers() as servers:
        databases = {side: servers.database(side) for side in ("django", "swift")}
        caches = {"django": servers.cache(1), "swift": servers.cache(2)}
        folders = {side: servers.folder(side) for side in ("django", "swift")}
        django_peer.configure(databases["django"], caches["django"], folders["django"])
        servers.copy_table("django", "swift")
        import django

        print(f"Django {django.get_version()}, Python {sys.version.split()[0]}")
        swift = SwiftPeer(
            options.driver, databases["swift"], caches["swift"], folders["swift"], django_peer.TIME_ZONE)
        places = {side: Place(databases[side], caches[side], folders[side]) for side in databases}
        run = Run(options, Side(django_peer.DjangoPeer(), places["django"]), Side(swift, places["swift"]))
        for engine in options.engine or ENGINES:
            for compatible in {"on": [True], "off": [False], "both": [False, True]}[options.django]:
                run.run(engine, compatible)
        swift.end()
    print(f"{run.passed} passed, {run.failed} failed")
    return 1 if run.failed or not run.passed else 0


if __name__ == "__main__":
    sys.exit(main())
