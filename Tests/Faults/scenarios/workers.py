"""Workers that die or hang."""

import os
import signal
import time

from trial import Expected

from scenarios import scenario


@scenario(short=True)
def one_worker_killed(trial):
    """kill -9 of one of two workers: only its own requests in flight fail."""
    site, kills = trial.start(), 4
    with trial.load():
        for number in range(kills):
            before = set(site.worker_pids())
            victim = sorted(before)[number % 2]
            # Held for a moment, so that there are requests in flight.
            os.kill(victim, signal.SIGSTOP)
            time.sleep(0.2)
            os.kill(victim, signal.SIGKILL)
            trial.go_on(trial.seconds / 2)
            assert len(set(site.worker_pids()) - {victim}) == 2, "the worker was not replaced"
    return Expected({200, 502}, outage=1.5, failed=kills * trial.threads)


@scenario
def all_workers_killed(trial):
    """kill -9 of all workers: the sessions survive, and the site is back at once."""
    site = trial.start()
    with trial.load():
        for _ in range(3):
            for pid in site.worker_pids():
                os.kill(pid, signal.SIGKILL)
            trial.go_on()
    return Expected({200, 502, 504}, outage=3)


@scenario
def workers_replaced(trial):
    """Workers replaced one after the other, as an upgrade does: no request fails."""
    site = trial.start()
    with trial.load():
        for _ in range(3):
            for supervisor in site.workers:
                supervisor.send_signal(signal.SIGHUP)
                trial.go_on()
    return Expected(failed=0)


@scenario
def one_worker_frozen(trial):
    """SIGSTOP of one of two workers for three seconds: what it holds waits, nothing fails."""
    site = trial.start()
    with trial.load():
        victim = site.worker_pids()[0]
        os.kill(victim, signal.SIGSTOP)
        try:
            time.sleep(3)
        finally:
            os.kill(victim, signal.SIGCONT)
        trial.go_on()
    return Expected(failed=0, outage=5)
