"""The programs that are measured: how each is built and started, and what nginx has to know of it."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TEMPLATES = ROOT / "Sources/LoginApp/Templates"

FORM_SIZE = 1629
"""How many bytes sessiond's form has as it leaves the worker, header lines and page."""

CONNECTIONS = 64
"""How many requests wait at once under wrk, and how many idle connections the project's nginx files keep."""


@dataclass(frozen=True)
class Peer:
    """A server behind nginx, which has its listening socket as standard input.

    In its command, its environment and its nginx parameters `{files}` stands for the directory with its files,
    `{state}` for the one that it may write to, `{socket}` for the path of its socket, `{database}` for the address of
    the database, and `{run}` for the directory of PostgreSQL's socket.
    """

    kind: str
    """Peers of one kind are the same program in several sizes, of which the best counts."""
    name: str
    """What its files are called."""
    title: str
    command: tuple
    """The words that start a process."""
    processes: int = 1
    environment: dict = field(default_factory=dict)
    """What it finds there beside DATABASE_URL and SECRET_KEY."""
    files: tuple = ()
    """Files and directories of which it has copies in `{files}`."""
    protocol: str = "fastcgi"
    """What nginx speaks to it: fastcgi, uwsgi, or proxy, which is HTTP."""
    parameters: dict = field(default_factory=dict)
    """FastCGI or uwsgi parameters that it needs beside sessiond's or instead of them."""
    keepalive: int | None = None
    """How many idle connections each nginx process keeps to it; None: as `nginx/` has it; 0: each request has a
    connection of its own."""
    works: bool = True
    """False for one that gives the same page for everything, and is counted by status and size alone."""


@dataclass(frozen=True)
class Kind:
    """A program that can be measured, in one size or several."""

    peer: Callable
    """The peer of a program and a size."""
    size: int
    """Threads, processes or connections: the best of those that were tried, see README.md."""
    program: Callable
    """Builds the program in a directory, or finds it; gives its path."""
    packages: tuple = ()
    """What it needs of Debian's packages."""
    wheels: tuple = ()
    """What it needs of PyPI's packages."""


# -- the programs


def compiled(source, *libraries):
    """Builds a C program with these libraries, as pkg-config knows them."""

    def build(directory):
        program = directory / Path(source).stem
        words = ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, HERE / source]
        if libraries:
            flags = ["pkg-config", "--cflags", "--libs", *libraries]
            words += subprocess.run(flags, check=True, capture_output=True, text=True).stdout.split()
        subprocess.run(words, check=True)
        return program

    return build


def compiled_go(source):
    """Builds a Go program with the libraries of Debian's packages, which lie in a GOPATH."""

    def build(directory):
        program = directory / Path(source).stem
        settings = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(ROOT / ".build/go"),
                    "CGO_ENABLED": "0"}
        command = ["go", "build", "-o", program, HERE / source]
        subprocess.run(command, cwd=directory, env=os.environ | settings, check=True)
        return program

    return build


def installed(pattern):
    """Finds a program that a package has installed; the newest where there are several."""

    def find(_):
        found = [path for folder in ("/usr/sbin", "/usr/bin") for path in sorted(Path(folder).glob(pattern))]
        assert found, f"there is no {pattern} in /usr/sbin and /usr/bin"
        return found[-1]

    return find


def in_venv(name):
    return lambda _: Path(sys.prefix) / "bin" / name


# -- the peers


def sessiond(program, workers):
    title = f"sessiond, {counted(workers, 'worker')}"
    return Peer("sessiond", f"sessiond-{workers}", title, (program, "serve"), processes=workers)


def c_thread(program, threads):
    """A kept connection holds its thread until it is closed, and a request that finds none waits for seconds.

    A process of nginx opens a connection when it has no idle one, so that it never has more than the load has; but what
    it had in one run lies idle while another process needs as many in the next. So all are kept where there are threads
    for all, and else as few as leave a thread for every request.
    """
    processes = os.cpu_count()  # of nginx
    spare = max(0, threads - CONNECTIONS) // processes
    keepalive = CONNECTIONS if threads >= CONNECTIONS * processes else min(spare, CONNECTIONS)
    return Peer("c", f"c-{threads}", f"C, {counted(threads, 'thread')}", (program, threads, "{database}"),
                keepalive=keepalive)


def nothing(program, processes):
    title = f"nothing *, {counted(processes, 'process')}"
    return Peer("nothing", f"nothing-{processes}", title, (program, FORM_SIZE), processes=processes, works=False)


def go(program, connections):
    return Peer("go", f"go-{connections}", f"Go, {counted(connections, 'connection')}", (program, connections))


def php(program, children):
    """PHP-FPM makes standard input its own, and takes a listening socket by a variable that names the descriptor."""
    command = ("sh", "-c", 'exec "$@" 3<&0', "sh", program, "--nodaemonize", "--force-stderr",
               "--fpm-config", "{files}/php-fpm.conf")
    environment = {"FPM_SOCKETS": "{socket}=3", "SOCKET": "{socket}", "STATE": "{state}", "CHILDREN": children,
                   "DATABASE_DSN": "pgsql:user=sessiond dbname=sessiond host={run}"}
    return Peer("php", f"php-{children}", f"PHP-FPM, {counted(children, 'child')}", command, environment=environment,
                files=(HERE / "php/php-fpm.conf", HERE / "php/index.php"),
                parameters={"SCRIPT_FILENAME": "{files}/index.php"}, keepalive=0)


DJANGO = {"environment": {"PYTHONPATH": "{files}", "DJANGO_SETTINGS_MODULE": "login_site.settings"},
          "files": (HERE / "login_site", TEMPLATES)}


def django_gunicorn(program, workers):
    command = (program, "--bind", "fd://0", "--backlog", 4096, "--workers", workers, "--worker-tmp-dir", "/dev/shm",
               "--graceful-timeout", 5, "--no-control-socket", "login_site.wsgi")
    return Peer("django-gunicorn", f"django-gunicorn-{workers}", f"Django, gunicorn, {workers}", command,
                protocol="proxy", keepalive=0, **DJANGO)


def django_uwsgi(program, processes):
    command = (program, "--plugin", "python3", "--virtualenv", sys.prefix, "--socket", "fd://0", "--master",
               "--die-on-term", "--no-orphans", "--single-interpreter", "--need-app", "--disable-logging",
               "--processes", processes, "--module", "login_site.wsgi")
    return Peer("django-uwsgi", f"django-uwsgi-{processes}", f"Django, uWSGI, {processes}", command, protocol="uwsgi",
                parameters={"PATH_INFO": "$document_uri", "SCRIPT_NAME": ""}, keepalive=0, **DJANGO)


def counted(number, noun):
    plural = {"process": "processes", "child": "children"}.get(noun, noun + "s")
    return f"{number} {noun if number == 1 else plural}"


C_PACKAGES = ("gcc", "libc6-dev", "pkg-config")
DJANGO_WHEELS = ("django==5.2.*", "psycopg[binary]")

KINDS = {
    "c": Kind(c_thread, 128, compiled("c_thread.c", "fcgi", "libpq"), C_PACKAGES + ("libfcgi-dev", "libpq-dev")),
    "nothing": Kind(nothing, 2, compiled("nothing.c"), C_PACKAGES),
    "go": Kind(go, 16, compiled_go("session.go"), ("golang-go", "golang-github-jackc-pgx-v4-dev")),
    "php": Kind(php, 16, installed("php-fpm*"), ("php-fpm", "php-pgsql")),
    "django-gunicorn": Kind(django_gunicorn, 3, in_venv("gunicorn"), (), DJANGO_WHEELS + ("gunicorn",)),
    "django-uwsgi": Kind(django_uwsgi, 3, installed("uwsgi"), ("uwsgi", "uwsgi-plugin-python3"), DJANGO_WHEELS),
}
"""All but sessiond, in the order of the table."""
