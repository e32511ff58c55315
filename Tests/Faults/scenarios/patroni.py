"""Two clusters that Patroni leads, by way of an etcd."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from stack import accepts, free_port, postgres_bin, wait_until
from trial import Expected

from scenarios import scenario
from scenarios.postgres import AWAY
from website import children

CONFIGURATION = """
scope: sessiond
name: {name}
restapi: {{listen: "127.0.0.1:{api}", connect_address: "127.0.0.1:{api}"}}
etcd3: {{hosts: "127.0.0.1:{etcd}"}}
bootstrap:
  dcs: {{ttl: 20, loop_wait: 2, retry_timeout: 4, synchronous_mode: true, synchronous_mode_strict: true}}
  initdb: [encoding: UTF8, username: sessiond, auth: trust]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {data}
  bin_dir: {bin}
  pgpass: {data}.pgpass
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
  authentication: {{superuser: {{username: sessiond}}, replication: {{username: sessiond}}}}
  parameters: {{unix_socket_directories: "{run}"}}
"""


class Pair:
    """The two nodes and what they agree by."""

    def __init__(self, site):
        self.site, self.nodes = site, {}
        etcd, peer = free_port(), free_port()
        words = [f"--listen-client-urls=http://127.0.0.1:{etcd}", f"--advertise-client-urls=http://127.0.0.1:{etcd}",
                 f"--listen-peer-urls=http://127.0.0.1:{peer}",
                 f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
                 f"--initial-cluster=default=http://127.0.0.1:{peer}", "--data-dir", site.directory / "etcd"]
        site.beside("etcd", *words, log="etcd.log")
        wait_until(lambda: accepts(("127.0.0.1", etcd)), what="etcd")
        for name in ("one", "two"):
            port = free_port()
            file = site.directory / f"{name}.yml"
            file.write_text(CONFIGURATION.format(name=name, api=free_port(), etcd=etcd, port=port, run=site.run,
                                                 data=site.directory / name, bin=postgres_bin()))
            site.undo.append(lambda name=name: self.end_postgres(name, signal.SIGQUIT))
            self.nodes[port] = (name, site.beside("patroni", file, log=f"{name}.log"))
            if name == "one":
                wait_until(self.leader, 60, "Patroni's first leader")
        site.postgres_port = self.leader()
        self.await_standby()
        site.sql("CREATE DATABASE sessiond", database="postgres")
        ports = list(self.nodes)
        site.database = (f"postgresql://sessiond@/sessiond?host=127.0.0.1,127.0.0.1&port={ports[0]},{ports[1]}"
                         "&target_session_attrs=read-write")

    def control(self, *words):
        command = ["patronictl", "-c", self.site.directory / "one.yml", *words]
        words = {"cwd": self.site.directory, "capture_output": True, "text": True} | self.site.owner
        return subprocess.run(command, **words).stdout

    def await_standby(self):
        """Until Patroni itself knows that there is one to switch to."""
        wait_until(lambda: "Sync Standby" in self.control("list"), 60, "the synchronous standby", pause=0.5)

    def leader(self):
        """The port of the node that can write, None where there is none."""
        return self.leader_but(None)

    def leader_but(self, old):
        for port in self.nodes.keys() - {old}:
            try:
                address = f"postgresql://sessiond@127.0.0.1:{port}/postgres"
                with psycopg.connect(address, connect_timeout=2) as connection:
                    if not connection.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                        return port
            except psycopg.OperationalError:
                pass
        return None

    def end_postgres(self, name, how):
        try:
            pid = int((self.site.directory / name / "postmaster.pid").read_text().split()[0])
            for process in [pid, *children(pid)] if how == signal.SIGKILL else [pid]:
                os.kill(process, how)
        except (OSError, ValueError):
            return
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="PostgreSQL's end")

    def kill(self, port):
        """A machine that is gone: Patroni and PostgreSQL at once."""
        name, patroni = self.nodes.pop(port)
        patroni.kill()
        patroni.wait()
        self.end_postgres(name, signal.SIGKILL)


@scenario(needs=("patroni", "etcd"))
def patroni_failover(trial):
    """Patroni's leader is gone, machine and all; the synchronous standby takes over: back within 5 s of that."""
    site = trial.prepare()
    pair = Pair(site)
    site.start_postgres = lambda: None
    site.add_users()
    site.start()
    with trial.load():
        pair.kill(site.postgres_port)
        site.postgres_port = wait_until(pair.leader, 60, "Patroni's new leader")
        promoted = time.monotonic()
        # In strict mode nothing is acknowledged without a standby, and this one is alone.
        site.sql("ALTER SYSTEM SET synchronous_standby_names = ''", database="postgres")
        site.sql("SELECT pg_reload_conf()", database="postgres")
        trial.go_on(0, within=10)
        assert time.monotonic() - promoted < 5, "service came back late"
    return Expected(AWAY)


@scenario(needs=("patroni", "etcd"))
def patroni_switchover(trial):
    """Patroni changes the leader as for maintenance, twice."""
    site = trial.prepare()
    pair = Pair(site)
    site.start_postgres = lambda: None
    site.add_users()
    site.start()
    with trial.load():
        for _ in range(2):
            old = site.postgres_port
            pair.control("switchover", "--force", "--master", pair.nodes[old][0])
            site.postgres_port = wait_until(lambda old=old: pair.leader_but(old), 60, "Patroni's new leader")
            trial.go_on(0, within=20)
            pair.await_standby()
    return Expected(AWAY)
