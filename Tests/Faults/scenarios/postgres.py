"""PostgreSQL that stops, hangs, refuses, or answers with errors."""

import os
import signal
import time

from trial import Expected

from scenarios import scenario

DEADLINE = 5  # DATABASE_TIMEOUT's default
AWAY = {200, 503}


def restart(trial, how):
    """Gives how long it took."""
    start = time.monotonic()
    trial.site.stop_postgres(how)
    trial.site.start_postgres()
    return time.monotonic() - start


def expected_of_restart(took):
    """Whoever waited for less than the deadline has noticed nothing."""
    return Expected(failed=0, outage=DEADLINE) if took < DEADLINE - 1.5 else Expected(AWAY)


@scenario(short=True)
def postgres_immediate_restart(trial):
    """PostgreSQL is stopped at once (SIGQUIT) and started, within the deadline."""
    trial.start()
    with trial.load():
        took = restart(trial, signal.SIGQUIT)
        trial.go_on()
    return expected_of_restart(took)


@scenario
def postgres_fast_restart(trial):
    """PostgreSQL is stopped fast (SIGINT) and started, within the deadline: no request fails."""
    trial.start()
    with trial.load():
        took = 0
        for _ in range(3):
            took = max(took, restart(trial, signal.SIGINT))
            trial.go_on()
    return expected_of_restart(took)


@scenario(short=True)
def backends_terminated(trial):
    """All connections to PostgreSQL cut five times a second, in the middle of batches."""
    site = trial.start()
    with trial.load():
        end = time.monotonic() + 2 * trial.seconds
        while time.monotonic() < end:
            site.cut()
            time.sleep(0.2)
        trial.go_on()
    return Expected(AWAY, outage=3)
