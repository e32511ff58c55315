"""A clean Debian that boots with a systemd, a network and a disk of its own, for the package to be installed in.

The root is made by debootstrap, once, and kept in .build/package. A machine writes to a layer above it, which is
mounted in a namespace of its own, so that no mount is left when its process ends, however it ends.
"""

import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

from client import Browser, compose, exchange
from stack import PR_SET_PDEATHSIG, ROOT, wait_until

STORE = ROOT / ".build/package"
INSIDE = ["systemd-sysv", "dbus", "ca-certificates", "nginx-light", "postgresql", "ssl-cert"]
HOST = "sessiond.test"
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)

# What it takes to run a program in a root: no registration with a manager of machines, which may not be there.
NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--link-journal=no"]


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def suites():
    """The Debian that this machine's own apt installs from: lines for a sources.list."""
    form = "$(ORIGIN)|$(SITE)|$(RELEASE)|$(COMPONENT)"
    told = run("apt-get", "indextargets", "--format", form, "Identifier: Packages")
    found = [line.split("|") for line in told.stdout.splitlines()]
    lines = {f"deb {site} {release} {component}" for origin, site, release, component in found if origin == "Debian"}
    assert lines, "apt knows no Debian to install from"
    return sorted(lines, key=len)


def base():
    """The smallest Debian there is, without a systemd."""
    place = STORE / "debian"
    if not place.exists():
        new = place.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        sources = suites()
        _, mirror, release, _ = sources[0].split()
        run("debootstrap", "--variant=minbase", release, new, mirror)
        (new / "etc/apt/sources.list").write_text("\n".join(sources) + "\n")
        run("chroot", new, "apt-get", "clean")
        new.rename(place)
    return place


def root_for(package):
    """A Debian with nginx and PostgreSQL, and at hand, but not installed, what the package depends on."""
    STORE.mkdir(parents=True, exist_ok=True)
    depends = run("dpkg-deb", "--field", package, "Depends").stdout
    name = hashlib.sha256(f"{INSIDE} {depends}".encode()).hexdigest()[:12]
    root = STORE / f"root-{name}"
    with open(STORE / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            make_root(package, root)
    return root


def make_root(package, root):
    new = root.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    run("cp", "--archive", base(), new)
    proxies = [f"--setenv={name}" for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ]
    inside = [*NSPAWN, "--directory", new, "--resolv-conf=copy-host", *proxies]
    inside.append("--setenv=DEBIAN_FRONTEND=noninteractive")
    (new / "root/sessiond.deb").write_bytes(Path(package).read_bytes())
    run(*inside, "apt-get", "-q", "update")
    run(*inside, "apt-get", "-qy", "install", "--no-install-recommends", *INSIDE)
    run(*inside, "apt-get", "clean")
    (new / "etc/apt/apt.conf.d/keep").write_text('Binary::apt::APT::Keep-Downloaded-Packages "true";\n')
    run(*inside, "apt-get", "-qy", "install", "--download-only", "/root/sessiond.deb")
    (new / "root/sessiond.deb").unlink()
    new.rename(root)


class Machine:
    """A booted Debian with no network but its own loopback."""

    def __init__(self, root):
        self.root = root
        for left in STORE.glob("machine-*"):  # by a run that was killed
            if not Path("/proc", left.name.removeprefix("machine-")).exists():
                shutil.rmtree(left, ignore_errors=True)
        self.place = STORE / f"machine-{os.getpid()}"
        self.log = STORE / "machine.log"
        self.process = None
        for name in ("upper", "work", "merged"):
            (self.place / name).mkdir(parents=True)

    def boot(self):
        layers = f"lowerdir={self.root},upperdir={self.place}/upper,workdir={self.place}/work"
        script = 'mount -t overlay overlay -o "$1" "$2" && shift 2 && exec "$@"'
        merged = self.place / "merged"
        command = [*NSPAWN, "--boot", "--private-network", "--machine=sessiond-test", "--directory", merged]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "-", layers, merged, *command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
            )
        wait_until(lambda: self.leader, 30, "the machine's first process")
        wait_until(lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() == "running", 60,
                   "the end of the boot", pause=0.3)
        return self

    @property
    def leader(self):
        """The process id of the machine's own init."""
        if self.process.poll() is not None:
            raise AssertionError(f"the machine has ended:\n{self.log.read_text()[-2000:]}")
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        names = {int(child): Path(f"/proc/{child}/comm").read_text().strip() for child in children}
        return next((child for child, name in names.items() if name == "systemd"), None)

    def stop(self):
        """Ends the machine; what it wrote stays until `remove`."""
        if self.process and self.process.poll() is None:
            try:
                os.kill(self.leader or self.process.pid, signal.SIGRTMIN + 4)  # what poweroff sends
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.kill(self.leader or self.process.pid, signal.SIGKILL)
                self.process.wait(10)
        self.process = None

    def remove(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.place, ignore_errors=True)

    # -- within it

    def run(self, *command, check=True, user=None, **options):
        """Runs a command in the machine, as root or as the user."""
        words = ["nsenter", "--target", self.leader, "--mount", "--uts", "--ipc", "--net", "--pid", "--"]
        words += ["env", "--ignore-environment", "--chdir=/", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
        words += ["DEBIAN_FRONTEND=noninteractive"]
        if user:
            words += ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"]
        return run(*words, *command, check=check, **options)

    def systemctl(self, *words, check=True):
        return self.run("systemctl", "--no-pager", *words, check=check)

    def show(self, unit, name):
        return self.systemctl("show", "--property", name, "--value", unit).stdout.strip()

    def path(self, name):
        """A file of the machine, as this one sees it."""
        return Path(f"/proc/{self.leader}/root{name}")

    def copy(self, source, name):
        self.path(name).write_bytes(Path(source).read_bytes())

    def sql(self, statement, database="sessiond"):
        words = ["-qAtX", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement]
        return self.run("psql", *words, user="postgres").stdout.strip()

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit).stdout

    def worker(self, number):
        """The process id of a worker as this machine sees it, 0 where it does not run."""
        return self.outer(int(self.show(f"sessiond@{number}", "MainPID")))

    def outer(self, inner):
        """The id here of a process of the machine."""
        namespace = os.readlink(f"/proc/{self.leader}/ns/pid")
        for entry in Path("/proc").glob("[0-9]*") if inner else ():
            try:
                if os.readlink(entry / "ns/pid") == namespace and inner == inner_id(entry):
                    return int(entry.name)
            except OSError:
                pass  # it has ended
        return 0

    @contextmanager
    def network(self):
        """Puts this thread, and those that it starts, into the machine's network."""
        with open("/proc/self/ns/net") as own, open(f"/proc/{self.leader}/ns/net") as namespace:
            enter(namespace)
            try:
                yield
            finally:
                enter(own)

    def answers(self):
        try:
            return Visitor(443).get("/myapp/connection/").is_form
        except OSError:
            return False


def inner_id(entry):
    lines = (entry / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("NSpid:")).split()[-1])


def enter(namespace):
    assert libc.setns(namespace.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


class Visitor(Browser):
    """A browser that speaks TLS and says where a form came from, which Django's CSRF protection asks for there."""

    def request(self, method, path, headers, body, timeout):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        headers = [("Host", HOST), ("Referer", f"https://{HOST}{path}"), ("Connection", "close"), *headers]
        with socket.create_connection(("127.0.0.1", self.port), timeout) as plain:
            with context.wrap_socket(plain, server_hostname=HOST) as sock:
                return exchange(sock, compose(method, path, headers, body), method)
