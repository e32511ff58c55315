"""nginx, reloaded and killed."""

import signal
import time

from history import CUT
from trial import Expected

from scenarios import scenario


@scenario
def nginx_reloaded(trial):
    """nginx is reloaded ten times: no request fails."""
    site = trial.start()
    with trial.load():
        for _ in range(10):
            site.nginx.send_signal(signal.SIGHUP)
            time.sleep(trial.seconds / 4)
    return Expected(failed=0, outage=2)


@scenario
def nginx_killed(trial):
    """kill -9 of nginx with all its processes, started again; the workers stay and let its connections go."""
    site = trial.start()
    workers = site.worker_pids()
    with trial.load():
        for _ in range(3):
            site.kill_nginx()
            time.sleep(0.3)
            site.start_nginx_again()
            trial.go_on()
    assert site.worker_pids() == workers, "a worker died"
    return Expected({200, CUT}, outage=3)
