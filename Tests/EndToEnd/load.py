"""Load that runs beside a test: threads that repeat a request and keep what came of it."""

import threading
import time
from collections import Counter
from contextlib import contextmanager


class Load:
    """Repeats `step` on some threads; a step returns a status, or raises, which counts as a failure."""

    def __init__(self, step, threads=4):
        self.step = step
        self.outcomes = Counter()
        self.slowest = 0.0
        self.failures = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.repeat, daemon=True) for _ in range(threads)]

    def repeat(self):
        while not self.stopping.is_set():
            start = time.monotonic()
            try:
                outcome = self.step()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test must hear of it
                outcome = type(error).__name__
                self.failures.append(repr(error))
            with self.lock:
                self.outcomes[outcome] += 1
                self.slowest = max(self.slowest, time.monotonic() - start)

    def count(self, outcome):
        with self.lock:
            return self.outcomes[outcome]


@contextmanager
def load(*steps, threads=4):
    """Runs a load for each step while the block runs, and joins them after it."""
    loads = [Load(step, threads) for step in steps]
    for one in loads:
        for thread in one.threads:
            thread.start()
    try:
        yield loads if len(loads) > 1 else loads[0]
    finally:
        for one in loads:
            one.stopping.set()
        for one in loads:
            for thread in one.threads:
                thread.join(30)
