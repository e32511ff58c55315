"""A second PostgreSQL that receives every commit, and takes over."""

import os
import signal
import time

from stack import end, postgres_bin, wait_until
from trial import Expected

from scenarios import scenario
from scenarios.postgres import AWAY, DEADLINE

PORTS = (5432, 5433)
IN_STEP = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync' AND state = 'streaming'"


def start_pair(trial):
    """A site on two clusters, the second a synchronous standby of the first."""
    site = trial.prepare()
    site.database = (f"postgresql://sessiond@/sessiond?host={site.run},{site.run}&port={PORTS[0]},{PORTS[1]}"
                     "&target_session_attrs=read-write")
    site.start_postgres()
    site.check(postgres_bin() / "pg_basebackup", "-h", site.run, "-U", "sessiond", "-D", site.directory / "standby",
               "-R", "-X", "stream", "--checkpoint=fast")
    site.standby = start_standby(site)
    site.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
    site.sql("SELECT pg_reload_conf()")
    wait_until(lambda: site.sql(IN_STEP), what="the synchronous standby")
    site.stop_postgres()
    return site.start()


def start_standby(site):
    data = site.directory / "standby"
    return site.beside(postgres_bin() / "postgres", "-D", data, "-c", f"port={PORTS[1]}", log="standby.log")


def promote(site):
    """From now on the standby is the site's PostgreSQL; gives when it was ready to write."""
    site.postgres_port = PORTS[1]
    site.sql("SELECT pg_promote()", database="postgres")
    return time.monotonic()


def fence(site):
    """The first cluster is gone for good."""
    for pid in site.postgres_pids():
        os.kill(pid, signal.SIGKILL)
    site.postgres.wait()


def service_is_back(trial, promoted):
    trial.go_on(0, within=5)
    took = time.monotonic() - promoted
    assert took < 5, f"service came back {took:.1f} s after the promotion"
    trial.go_on()


@scenario
def failover(trial):
    """Failover to a synchronous standby: the first is killed, the second is promoted; back within 5 s of that."""
    site = start_pair(trial)
    with trial.load():
        fence(site)
        time.sleep(1)
        service_is_back(trial, promote(site))
    return Expected(AWAY)


@scenario
def failover_before_the_fence(trial):
    """Failover with the old primary alive for 3 s beside the new one: it acknowledges nothing more."""
    site = start_pair(trial)
    with trial.load():
        promote(site)
        time.sleep(3)
        fence(site)
        service_is_back(trial, time.monotonic())
    return Expected(AWAY)


@scenario
def standby_gone(trial):
    """The synchronous standby is away for longer than the deadline: no login is acknowledged that it has not."""
    site = start_pair(trial)
    with trial.load() as clients:
        end(site.standby)
        time.sleep(1)
        logins = clients.done("login")
        time.sleep(DEADLINE + 1)
        assert clients.done("login") == logins, "a login that the standby has not"
        site.standby = start_standby(site)
        wait_until(lambda: site.sql(IN_STEP), what="the synchronous standby")
        trial.go_on()
        fence(site)
        service_is_back(trial, promote(site))
    return Expected(AWAY)
