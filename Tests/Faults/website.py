"""The site under fault: the stack of the end-to-end tests, with workers that are replaced when they die."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from django_accounts import Accounts
from stack import ROOT, Stack, accepts, end, wait_until

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
ACCOUNTS = {
    "AUTHENTICATION": "django", "LOGIN_LIMIT_ADDRESS": "None",
    "PASSWORD_HASHERS": json.dumps(["django.contrib.auth.hashers.MD5PasswordHasher"]),
}
# Everybody that clients and scenarios log in as, with the password x.
NAMES = [f"c{client}-{number}" for client in range(16) for number in range(1, 2001)]
NAMES += [f"{kind}-{number}" for kind in ("leaver", "slow", "deadlock") for number in range(100)] + ["late", "crowd"]
USERS = """INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff,
    is_active, date_joined)
    SELECT 'md5$salt$' || md5('saltx'), false, name, '', '', '', false, true, now() FROM unnest(%s::text[]) AS name"""


class Site(Stack):
    """Each worker has a supervisor, and the second one saves every session that it reads.

    `wrapper` is a command that runs the workers, such as `prlimit`. With `accounts` they let in Django's users.
    """

    def __init__(self, program, workers=2, wrapper=(), saves=True, accounts=False, **settings):
        super().__init__(program, workers, **(ACCOUNTS if accounts else {}) | settings)
        self.accounts, self.has_users = accounts, False
        self.wrapper, self.saves = wrapper, saves
        self.port = self.postgres_port = None
        self.networks = {}  # namespaces, by the name of the program that runs there
        self.database = None  # the workers' way to the database, where it is another than the tests' own
        self.worker_options = {}  # of their supervisors' start
        self.undo = []  # what stands outside the directory, to be removed once the processes have ended

    def spawn(self, *command, log, **options):
        network = self.networks.get(Path(command[0]).name)
        if network:
            command = network.command(command)
            options |= {"user": None, "group": None, "extra_groups": None}
        return super().spawn(*command, log=log, **options)

    def beside(self, *command, log, **options):
        """A process that ends with the site."""
        process = self.spawn(*command, log=log, **options)
        self.undo.append(lambda: end(process))
        return process

    def mount(self, name, size):
        """A small file system of its own."""
        path = self.directory / name
        path.mkdir(exist_ok=True)
        mode = [f"uid={self.owner['user']}", f"gid={self.owner['group']}"]
        options = ",".join([f"size={size}", "mode=0700", *mode])
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=True)
        self.undo.append(lambda: subprocess.run(["umount", "--lazy", path]))
        return path

    def stop(self):
        super().stop()
        while self.undo:
            self.undo.pop()()
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- workers

    def start_workers(self, count):
        if self.listener is None:
            self.listen()
        script = self.directory / "supervise"
        shutil.copy(ROOT / "deploy/supervise", script)
        script.chmod(0o755)
        for number in range(count):
            directory = self.run / f"worker-{number}"
            self.own(directory)
            saves = {"SESSION_SAVE_EVERY_REQUEST": "True"} if self.saves and number % 2 else {}
            command = [script, "1", directory, *self.wrapper, self.program, "serve"]
            address = {"DATABASE_URL": self.database} if self.database else {}
            words = {"stdin": self.listener, "env": self.environment(**saves, **address)} | self.worker_options
            self.workers.append(self.spawn(*command, log="worker.log", **words))
        wait_until(lambda: len(self.worker_pids()) == count, what="the workers")

    def worker_pids(self):
        """The processes that serve now."""
        return sorted(pid for supervisor in self.workers for pid in children(supervisor.pid) if runs(pid, self.program))

    # -- PostgreSQL

    def database_url(self, database="sessiond"):
        return super().database_url(database) + (f"&port={self.postgres_port}" if self.postgres_port else "")

    def cut(self):
        """Terminates whoever is connected."""
        self.sql(OTHERS + " AND datname = 'sessiond'", database="postgres")

    def cut_all_but(self, first, *others):
        """Terminates all but these connections, by the first of them."""
        kept = [connection.info.backend_pid for connection in (first, *others)]
        first.execute(OTHERS + " AND datname = 'sessiond' AND NOT pid = ANY(%s)", [kept])
        first.commit()

    def start_postgres(self):
        super().start_postgres()
        self.add_users()

    def add_users(self):
        if self.accounts and not self.has_users:
            django = Accounts(self, port=str(self.postgres_port or ""))
            django.migrate()
            django.close()
            self.sql(USERS, [NAMES])
            self.has_users = True

    def postgres_pids(self):
        """The server and its children."""
        return [self.postgres.pid, *children(self.postgres.pid)]

    def stored(self):
        """The keys of the sessions in the table; an expired row is none, and a logout leaves it as Django's does."""
        return {key for (key,) in self.sql("SELECT session_key FROM django_session WHERE expire_date > now()")}

    def hold(self):
        """A connection of somebody else, with a transaction of his own."""
        return psycopg.connect(self.database_url(), connect_timeout=5)

    # -- nginx

    def kill_nginx(self):
        """Master and workers at once; an orphaned worker would go on serving."""
        for pid in [self.nginx.pid, *children(self.nginx.pid)]:
            os.kill(pid, signal.SIGKILL)
        self.nginx.wait()

    def start_nginx_again(self):
        """On the same port."""
        self.nginx = self.spawn(*self.nginx.args, log="nginx.out")
        wait_until(lambda: accepts(("127.0.0.1", self.port)), what="nginx")

    def is_served(self):
        try:
            return self.request("GET", "/myapp/connection/").is_form
        except (OSError, ValueError, AssertionError):
            return False


def children(pid):
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def runs(pid, program):
    try:
        return Path(f"/proc/{pid}/exe").readlink() == program
    except OSError:
        return False


def fill(path):
    """Fills a small file system; gives the file that does it."""
    file = path / "filler"
    with open(file, "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            return file
