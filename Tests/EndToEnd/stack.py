"""A private nginx, PostgreSQL and sessiond for the tests, in a directory of their own, ended by process id."""

import atexit
import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg

from client import Browser, request
from fcgi import Connection

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "a secret key for the tests alone, long enough for serve"
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None)


def end_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until(condition, seconds=20, what="the condition", pause=0.02):
    """Polls until the condition holds and returns its value; fails when it never does."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(pause)
    return value


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def postgres_bin():
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4])).parent


class Stack:
    """Starts on entry what `deploy/up` starts, from the same nginx files, as `nobody` where the tests run as root."""

    def __init__(self, program, workers=2, **settings):
        self.directory = Path(tempfile.mkdtemp(prefix="sessiond-", dir="/tmp"))
        self.owner = {}
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for name in ("", "run", "log", "nginx"):
            self.own(self.directory / name)
        self.program = self.directory / "sessiond"
        shutil.copy(program, self.program)
        self.program.chmod(0o755)
        self.settings = settings
        # What stands beside the site in nginx's server, and texts of nginx's files with what takes their place.
        self.locations, self.replacements = "", {}
        self.postgres_options = ()  # of its command line
        self.worker_count = workers
        self.workers = []
        self.postgres = self.nginx = self.listener = None
        atexit.register(self.stop)

    def own(self, path):
        path.mkdir(exist_ok=True)
        if self.owner:
            os.chown(path, self.owner["user"], self.owner["group"])

    # -- addresses

    @property
    def run(self):
        return self.directory / "run"

    @property
    def worker_socket(self):
        return str(self.run / "worker.sock")

    def database_url(self, database="sessiond"):
        return f"postgresql://sessiond@/{database}?host={self.run}"

    # -- processes

    def environment(self, **settings):
        values = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": self.database_url(), "AUTHENTICATION": "any"}
        # Rows that have expired are the tests' own.
        values |= {"SESSION_CLEAR_INTERVAL": "None"} | self.settings | settings
        kept = {name: os.environ[name] for name in ("PATH",)}
        return kept | {"LANG": "C.UTF-8"} | {name: text for name, text in values.items() if text is not None}

    def spawn(self, *command, log, **options):
        """Starts a process as the owner, its output in a log file. It ends when the tests end, however they end."""
        with open(self.directory / "log" / log, "ab") as output:
            usual = {"cwd": self.directory, "stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            options = usual | {"env": self.environment()} | self.owner | options
            command = [str(word) for word in command]
            return subprocess.Popen(command, preexec_fn=end_with_parent, **options)

    def sessiond(self, *arguments, timeout=30, as_owner=True, **settings):
        """Runs a command of sessiond to its end, as the owner or as whoever runs the tests; its output is text."""
        return subprocess.run(
            [self.program, *arguments], env=self.environment(**settings), cwd=self.directory, timeout=timeout,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, **(self.owner if as_owner else {}),
        )

    def log(self, name):
        return (self.directory / "log" / name).read_text(errors="replace")

    def log_lines(self, name="worker.log"):
        """What the workers have logged, an object for each line."""
        return [json.loads(line) for line in self.log(name).splitlines() if line.startswith("{")]

    def start(self):
        self.start_postgres()
        # The tables for accounts too: tests add workers with another AUTHENTICATION.
        migrated = self.sessiond("migrate", AUTHENTICATION="django")
        assert migrated.returncode == 0, migrated.stderr
        self.start_workers(self.worker_count)
        self.start_nginx()
        wait_until(lambda: self.request("GET", "/myapp/connection/").status == 200, what="the first page")
        return self

    def start_postgres(self):
        data = self.directory / "postgres"
        if not data.exists():
            self.check(postgres_bin() / "initdb", "-D", data, "-U", "sessiond", "-E", "UTF8", "--auth=trust")
            with open(data / "postgresql.conf", "a") as conf:
                conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.run}'\n")
                conf.write("shared_preload_libraries = 'pg_stat_statements'\nmax_connections = 150\n")
        self.postgres = self.spawn(postgres_bin() / "postgres", "-D", data, *self.postgres_options, log="postgres.log")
        wait_until(self.postgres_answers, what="PostgreSQL's start")
        if not self.sql("SELECT 1 FROM pg_database WHERE datname = 'sessiond'", database="postgres"):
            self.sql("CREATE DATABASE sessiond", database="postgres")
            self.sql("CREATE EXTENSION pg_stat_statements")

    def postgres_answers(self):
        try:
            return self.sql("SELECT 1", database="postgres")
        except psycopg.OperationalError:
            assert self.postgres.poll() is None, self.log("postgres.log")
            return False

    @contextmanager
    def pgbouncer(self, **settings):
        """A PgBouncer before PostgreSQL, in transaction mode, on a socket of its own; gives it and the address there."""
        pooler = PgBouncer(self, settings)
        try:
            pooler.start()
            yield pooler
        finally:
            pooler.stop()

    def stop_postgres(self, how=signal.SIGINT):
        """SIGINT is a fast shutdown, SIGQUIT an immediate one."""
        self.postgres.send_signal(how)
        self.postgres.wait(30)

    def check(self, *command):
        command = [str(word) for word in command]
        subprocess.run(command, cwd=self.directory, check=True, capture_output=True, **self.owner)

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.worker_socket)
        os.chmod(self.worker_socket, 0o660)
        if self.owner:
            os.chown(self.worker_socket, self.owner["user"], self.owner["group"])
        self.listener.listen(4096)

    def start_workers(self, count, **settings):
        """Workers on the one listening socket, which each has as its standard input."""
        if self.listener is None:
            self.listen()
        for _ in range(count):
            environment = self.environment(**settings)
            options = {"stdin": self.listener, "env": environment}
            self.workers.append(self.spawn(self.program, "serve", log="worker.log", **options))

    @contextmanager
    def redis(self):
        """A Redis of its own on a Unix socket; gives its process and the CACHES that name it."""
        address = self.run / f"redis-{time.monotonic_ns()}.sock"
        words = ["--port", "0", "--unixsocket", address, "--save", "", "--dir", self.directory]
        process = self.spawn("redis-server", *words, log="redis.log")
        try:
            wait_until(lambda: address.exists() and accepts(str(address)), what="Redis")
            backend = "django.core.cache.backends.redis.RedisCache"
            yield process, {"default": {"BACKEND": backend, "LOCATION": f"unix://{address}?db=1"}}
        finally:
            end(process)

    def stop_workers(self):
        for worker in self.workers:
            worker.terminate()
        for worker in self.workers:
            worker.wait(20)
        self.workers = []

    def dead_workers(self):
        return [worker.pid for worker in self.workers if worker.poll() is not None]

    @contextmanager
    def worker(self, *arguments, under=(), **settings):
        """One more worker, apart from nginx, on a socket of its own; gives its process and its address.

        `under` is what comes before it on the command line: a program that runs it, in the same process.
        """
        address = str(self.run / f"apart-{time.monotonic_ns()}.sock")
        command = [*under, self.program, "serve", "--listen", f"unix:{address}", *arguments]
        process = self.spawn(*command, log="apart.log", env=self.environment(**settings))
        try:
            wait_until(lambda: process.poll() is not None or os.path.exists(address), what="the worker's socket")
            assert process.poll() is None, self.log("apart.log")
            wait_until(lambda: accepts(address), what="the worker")
            yield process, address
        finally:
            end(process)

    def start_nginx(self, extra=""):
        """`extra` are directives for its server, beside those of deploy/up."""
        self.port = free_port()
        for source in (ROOT / "nginx").iterdir():
            text = source.read_text().replace("@STATE@", str(self.directory)).replace("@PORT@", str(self.port))
            if source.name == "demo.conf.in":
                site = "include sessiond_server.conf;"
                text = text.replace(site, extra + site + self.locations)
            for old, new in self.replacements.items():
                text = text.replace(old, new)
            (self.directory / "nginx" / source.name.replace("demo.conf.in", "nginx.conf")).write_text(text)
        here = self.directory / "nginx"
        words = ["-p", here, "-c", here / "nginx.conf", "-e", self.directory / "log/nginx.log", "-g", "daemon off;"]
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        self.nginx = self.spawn(nginx, *words, log="nginx.out")
        wait_until(lambda: accepts(("127.0.0.1", self.port)), what="nginx")

    def stop(self):
        """Ends what runs and removes the directory; safe to call twice."""
        for process in [self.nginx, *self.workers, self.postgres]:
            if process is self.postgres and process is not None and process.poll() is None:
                process.send_signal(signal.SIGQUIT)
            end(process)
        if self.listener is not None:
            self.listener.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.stop)

    # -- what a test does with it

    def request(self, method, path, headers=(), body=b"", timeout=20):
        return request(self.port, method, path, headers, body, timeout)

    def browser(self, **cookies):
        return Browser(self.port, cookies)

    def fastcgi(self, address=None, timeout=15):
        return Connection(address or self.worker_socket, timeout)

    def sql(self, statement, parameters=None, database="sessiond"):
        """Rows of one statement, which is its own transaction."""
        with psycopg.connect(self.database_url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def row(self, session_key):
        found = self.sql("SELECT session_data, expire_date FROM django_session WHERE session_key = %s", [session_key])
        return found[0] if found else None

    def is_well(self):
        """All workers live, and a good request is answered; what every test of bad input ends with."""
        assert not self.dead_workers(), f"a worker died:\n{self.log('worker.log')[-2000:]}"
        for _ in range(2 * max(1, len(self.workers))):
            assert self.request("GET", "/myapp/connection/").is_form
        return True


class PgBouncer:
    """PgBouncer as Debian has it, for all databases and users of a stack's PostgreSQL."""

    PORT = 6432

    def __init__(self, stack, settings):
        self.stack = stack
        self.directory = stack.directory / f"pgbouncer-{time.monotonic_ns()}"
        stack.own(self.directory)
        (self.directory / "users").write_text('"sessiond" ""\n')
        values = {
            "listen_port": self.PORT, "unix_socket_dir": self.directory, "auth_type": "trust", "pool_mode": "transaction",
            "auth_file": self.directory / "users", "default_pool_size": 8, "server_login_retry": 1,
        } | settings
        lines = ["[databases]", f"* = host={stack.run} port=5432", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in values.items()]
        (self.directory / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        self.process = None

    def url(self, database="sessiond"):
        return f"postgresql://sessiond@/{database}?host={self.directory}&port={self.PORT}"

    def start(self):
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        self.process = self.stack.spawn(program, self.directory / "pgbouncer.ini", log="pgbouncer.log")
        address = self.directory / f".s.PGSQL.{self.PORT}"
        wait_until(lambda: address.exists() and accepts(str(address)), what="PgBouncer")

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(20)


def accepts(address):
    try:
        with socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET) as sock:
            sock.connect(address)
            return True
    except OSError:
        return False


def end(process):
    """Ends a process that may have ended long ago."""
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
