"""What a comparison runs on: one PostgreSQL, and each peer behind an nginx of its own, with the project's files."""

import os
import shutil
import socket
import time

from front import nginx_text
from stack import ROOT, Stack, accepts, end, free_port, wait_until

SESSIONS = 10_000
"""Rows of the table when a measurement begins."""

SETTINGS = ["fsync = on", "synchronous_commit = on", "max_connections = 400", "pg_stat_statements.track = none"]
"""PostgreSQL's, beside its defaults."""


class Bench(Stack):
    """The stack of the end-to-end tests, with room for other peers than sessiond."""

    def __init__(self, program):
        super().__init__(program)
        self.ports = {}
        self.listeners = []
        self.fronts = []
        self.processes = {}

    def start(self, peers):
        """Starts everything; the last peer is a sessiond, through which alice logs in."""
        self.start_postgres()
        for setting in SETTINGS:
            self.sql(f"ALTER SYSTEM SET {setting}")
        self.stop_postgres()
        self.start_postgres()
        migrated = self.sessiond("migrate")
        assert migrated.returncode == 0, migrated.stderr
        self.peers = peers
        for peer in peers:
            self.add(peer)
        self.sign_in()
        return self

    # -- peers

    def add(self, peer):
        """Starts a peer and remembers which processes it is made of."""
        first = len(self.workers)
        self.start_peer(peer)
        self.processes[peer.name] = [worker.pid for worker in self.workers[first:]]

    def remove(self, peer):
        """Ends a peer's processes."""
        removed = self.processes.pop(peer.name)
        for worker in self.workers:
            if worker.pid in removed:
                end(worker)
        self.workers = [worker for worker in self.workers if worker.pid not in removed]

    def start_peer(self, peer):
        """Starts a peer behind the nginx of deploy/up, in a state directory of its own."""
        state = self.directory / "peers" / peer.name
        for directory in (state.parent, state, state / "run", state / "log", state / "nginx"):
            self.own(directory)
        files = self.copy_files(peer, state)
        places = {"files": files, "state": state, "socket": state / "run/worker.sock", "run": self.run,
                  "database": self.database_url()}

        def fill(text):
            return str(text).format(**places)

        def fill_all(texts):
            return {name: fill(text) for name, text in texts.items()}

        command = [fill(word) for word in peer.command]
        environment = self.environment(**fill_all(peer.environment))
        listener = self.open_listener(places["socket"])
        for _ in range(peer.processes):
            self.workers.append(self.spawn(*command, log=f"{peer.name}.log", stdin=listener, env=environment))
        self.ports[peer.name] = self.start_front(peer, state, fill_all(peer.parameters))
        wait_until(lambda: self.answers(peer), what=f"the first page of {peer.name}")

    def copy_files(self, peer, state):
        """Gives the peer its files where it can read them, as it may not where the sources lie."""
        files = state / "files"
        files.mkdir()
        for source in peer.files:
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, files / source.name)
        return files

    def open_listener(self, path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        os.chmod(path, 0o660)
        if self.owner:
            os.chown(path, self.owner["user"], self.owner["group"])
        listener.listen(4096)
        self.listeners.append(listener)
        return listener

    def start_front(self, peer, state, parameters):
        port = free_port()
        for source in (ROOT / "nginx").iterdir():
            text = nginx_text(source.read_text(), peer, parameters)
            text = text.replace("@STATE@", str(state)).replace("@PORT@", str(port))
            (state / "nginx" / source.name.replace("demo.conf.in", "nginx.conf")).write_text(text)
        words = ["-p", state / "nginx", "-c", state / "nginx/nginx.conf", "-e", state / "log/nginx.log"]
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        self.fronts.append(self.spawn(nginx, *words, "-g", "daemon off;", log=f"{peer.name}-nginx.out"))
        wait_until(lambda: accepts(("127.0.0.1", port)), what=f"the nginx of {peer.name}")
        return port

    def answers(self, peer):
        assert not self.dead_workers(), f"{peer.name} ended: {self.log(peer.name + '.log')[-2000:] or 'no message'}"
        self.port = self.ports[peer.name]
        return self.request("GET", "/myapp/connection/").status == 200

    def last_error(self, peer):
        """What the peer's nginx wrote last of what went wrong."""
        lines = (self.directory / "peers" / peer.name / "log/nginx.log").read_text().splitlines()
        return lines[-1] if lines else "empty"

    # -- the table

    def sign_in(self):
        """Logs alice in, and gives as many more sessions the same data as the table is to hold."""
        self.port = self.ports[self.peers[-1].name]
        visitor = self.browser()
        visitor.login("alice")
        self.csrf_token, self.csrf_secret = visitor.token(), visitor.cookies["csrftoken"]
        self.sql("CREATE TABLE load_sessions AS SELECT md5(n::text)::varchar(40), session_data, expire_date "
                 f"FROM django_session, generate_series(1, {SESSIONS}) AS n")
        self.reset()
        self.session_keys = [key for (key,) in self.sql("SELECT session_key FROM django_session")]

    def reset(self):
        """Brings the table back to where every measurement begins, with nothing left to be written later."""
        self.sql("TRUNCATE django_session")
        self.sql("INSERT INTO django_session SELECT * FROM load_sessions")
        self.sql("VACUUM ANALYZE django_session")
        self.sql("CHECKPOINT")

    def rows(self):
        """How many sessions there are, once nothing is being written any more."""
        count, before = self.count_rows(), None
        while count != before:
            time.sleep(0.2)
            count, before = self.count_rows(), count
        return count

    def count_rows(self):
        """Those that have expired do not count: one measurement has them removed while it runs."""
        return self.sql("SELECT count(*) FROM django_session WHERE expire_date > now()")[0][0]

    def stop(self):
        self.workers = self.fronts + self.workers  # nginx first, so that no worker waits for an idle connection
        self.fronts = []
        super().stop()
        for listener in self.listeners:
            listener.close()
