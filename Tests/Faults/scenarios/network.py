"""The way to PostgreSQL: cut, slow, lossy, through a pooler."""

import signal
import time

from namespace import put_apart
from proxy import Proxy
from stack import accepts, end, free_port, wait_until
from trial import Expected

from scenarios import scenario
from scenarios.postgres import AWAY, BACK, DEADLINE


def start_behind_proxy(trial):
    site = trial.prepare()
    proxy = Proxy(f"{site.run}/.s.PGSQL.5432")
    site.undo.append(proxy.close)
    site.database = f"postgresql://sessiond@127.0.0.1:{proxy.port}/sessiond"
    return site.start(), proxy


@scenario
def network_cut(trial):
    """All connections to PostgreSQL are reset, and refused for longer than the deadline."""
    _, proxy = start_behind_proxy(trial)
    with trial.load() as clients:
        proxy.refuse()
        time.sleep(DEADLINE + 2)
        assert clients.seen(503), "nobody was told"
        proxy.accept()
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario
def network_silent(trial):
    """Nothing comes through to PostgreSQL, and no connection ends, for longer than the deadline."""
    site, proxy = start_behind_proxy(trial)
    with trial.load() as clients:
        proxy.silent = True
        time.sleep(DEADLINE + 2)
        assert clients.seen(503), "nobody was told"
        assert site.is_served(), "the form needs no database"
        proxy.silent = False
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario
def answers_lost(trial):
    """Statements reach PostgreSQL, their answers do not, and then the connection ends; again and again."""
    _, proxy = start_behind_proxy(trial)
    with trial.load():
        for _ in range(5):
            proxy.deaf = True
            time.sleep(0.3)
            proxy.cut()
            proxy.deaf = False
            trial.go_on(0.2)
    return Expected(AWAY, outage=3)


@scenario
def network_slow(trial):
    """A tenth of a second each way to PostgreSQL: everything works, nothing fails."""
    _, proxy = start_behind_proxy(trial)
    with trial.load():
        proxy.delay = 0.1
        trial.go_on(2 * trial.seconds)
        proxy.delay = 0
    return Expected(failed=0, outage=3)


@scenario
def network_lossy(trial):
    """One packet in ten waits for 0.3 to 2 s, as when it is sent again, and now and then a connection is reset."""
    _, proxy = start_behind_proxy(trial)
    with trial.load():
        proxy.loss = 0.1
        for _ in range(3):
            time.sleep(trial.seconds)
            proxy.cut()
        proxy.loss = 0
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


# -- a pooler

POOLER = """[databases]
* = host={run} port=5432 user=sessiond
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = session
ignore_startup_parameters = extra_float_digits,options
unix_socket_dir =
"""


@scenario(needs=("pgbouncer",))
def pgbouncer_restarted(trial):
    """PgBouncer, with a session for each connection, is killed and started again."""
    site = trial.prepare()
    port = free_port()
    configuration = site.directory / "pgbouncer.ini"
    configuration.write_text(POOLER.format(run=site.run, port=port))
    site.database = f"postgresql://sessiond@127.0.0.1:{port}/sessiond"

    def start():
        pooler = site.beside("/usr/sbin/pgbouncer", configuration, log="pgbouncer.log")
        wait_until(lambda: accepts(("127.0.0.1", port)), what="PgBouncer")
        return pooler

    site.start_postgres()
    pooler = start()
    site.start()
    with trial.load():
        for how in (signal.SIGKILL, signal.SIGTERM):
            pooler.send_signal(how)
            end(pooler)
            time.sleep(0.5)
            pooler = start()
            trial.go_on()
    return Expected(AWAY, outage=DEADLINE)


# -- a network of its own

@scenario(root=True, needs=("ip",))
def black_hole(trial):
    """The route to PostgreSQL leads nowhere for longer than the deadline: no reset, no answer."""
    site = trial.prepare()
    server, workers = put_apart(site)
    site.postgres_options = ("-c", f"listen_addresses={server.address}")
    site.database = f"postgresql://sessiond@{server.address}/sessiond"
    site.start_postgres()
    with open(site.directory / "postgres/pg_hba.conf", "a") as rules:
        rules.write(f"host all all {workers.address}/32 trust\n")
    site.stop_postgres()
    site.start()
    with trial.load() as clients:
        workers.route("add", "blackhole", server.address)
        time.sleep(DEADLINE + 2)
        assert clients.seen(503), "nobody was told"
        assert site.is_served(), "the form needs no database"
        workers.route("del", "blackhole", server.address)
        trial.go_on(0, within=2 * BACK)
    return Expected(AWAY)
