"""Descriptors, memory, disks and logs that come to their end."""

import os
import resource
import signal
import time
from contextlib import suppress
from pathlib import Path

from client import FORM_TYPE, request
from clients import FORM, LOGIN, SECRET, Clients
from stack import wait_until
from trial import Expected, Skipped
from website import fill

from scenarios import scenario
from scenarios.visitors import crowd

MEMORY = Path("/sys/fs/cgroup/memory")


def processor_seconds(pids):
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(field[11]) + int(field[12]) for field in fields) / os.sysconf("SC_CLK_TCK")


@scenario
def descriptors_used_up(trial):
    """More connections than descriptors: a worker takes what it can, waits without turning, and goes on."""
    site = trial.start(wrapper=("prlimit", "--nofile=40:40"))
    with trial.load() as clients:
        key = clients.login("crowd").new_key

        def ask(number, stopping):
            cookie = [("Cookie", f"sessionid={key}")]
            request(site.port, "GET", FORM, cookie, timeout=20)

        with site.hold() as connection:
            connection.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
            with crowd(ask, 150):
                wait_until(lambda: all(descriptors(pid) >= 38 for pid in site.worker_pids()), what="their last one")
                before = processor_seconds(site.worker_pids())
                time.sleep(2)
                used = processor_seconds(site.worker_pids()) - before
                connection.rollback()
        assert used < 1, f"the workers turned for {used:.1f} s of 2 s"
        trial.go_on()
    return Expected({200, 503}, outage=6)


def descriptors(pid):
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def upload(site):
    """A login with as large a body as is allowed."""
    headers = [("Content-Type", FORM_TYPE), ("Cookie", f"csrftoken={SECRET}")]
    body = f"csrfmiddlewaretoken={SECRET}&password=x&username=".encode() + b"x" * 2_000_000
    return request(site.port, "POST", LOGIN, headers, body, timeout=20)


@scenario(root=True)
def memory_used_up(trial):
    """The kernel kills a worker that has no more memory (a cgroup's): it is replaced, and the other serves."""
    site = trial.prepare()
    group = MEMORY / f"sessiond-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise Skipped(f"no memory cgroup can be made here ({error.strerror})") from None
    site.undo.append(lambda: wait_until(lambda: removed(group), what="the end of the cgroup"))
    site.start()
    with trial.load():
        for pid in (site.workers[0].pid, *site.worker_pids()[:1]):
            (group / "cgroup.procs").write_text(str(pid))
        victim = int((group / "cgroup.procs").read_text().split()[-1])
        (group / "memory.limit_in_bytes").write_text("24M")

        def heap(number, stopping):
            upload(site)

        with crowd(heap, 24):
            wait_until(lambda: victim not in site.worker_pids(), 60, what="the end of the worker")
            trial.go_on()
        trial.go_on()
    return Expected({200, 502}, outage=3)


def removed(group):
    with suppress(OSError):
        group.rmdir()
    return not group.exists()


@scenario(root=True)
def run_directory_full(trial):
    """The file system of the sockets and pid files is full: a worker that dies is replaced all the same."""
    site = trial.prepare()
    site.mount("run", "1m")
    site.start()
    with trial.load():
        filler = fill(site.run)
        for number in range(2):
            os.kill(site.worker_pids()[number], signal.SIGKILL)
            trial.go_on()
            assert len(site.worker_pids()) == 2, "the worker was not replaced"
        site.nginx.send_signal(signal.SIGHUP)
        trial.go_on()
        filler.unlink()
    return Expected({200, 502}, outage=3)


def log_to(trial, log):
    site = trial.prepare()
    site.worker_options = {"stdout": log, "stderr": log}
    try:
        site.start()
    finally:
        os.close(log)
    with trial.load():
        for _ in range(3):
            site.cut()  # which is worth a line of its log to each worker
            os.kill(site.worker_pids()[0], signal.SIGKILL)
            trial.go_on(1.5)
            assert len(site.worker_pids()) == 2, "the worker was not replaced"
    return Expected({200, 502, 503}, outage=3)


@scenario
def log_unread(trial):
    """Nobody reads the log any more: requests are served, workers are replaced."""
    reader, log = os.pipe()
    os.close(reader)
    return log_to(trial, log)


@scenario
def log_disk_full(trial):
    """The log's disk is full: requests are served, workers are replaced."""
    return log_to(trial, os.open("/dev/full", os.O_WRONLY))


@scenario
def address_space_used_up(trial):
    """A worker may have hardly more address space than it starts with (ulimit -v): it fails, and is replaced."""
    site = trial.start()
    visitor = Clients(site)
    for _ in range(10):  # so that each worker has done everything once
        visitor.logout(visitor.login("c0-1").new_key)
    pages = max(int(Path(f"/proc/{pid}/statm").read_text().split()[0]) for pid in site.worker_pids())
    site.stop_workers()
    site.wrapper = ("prlimit", f"--as={pages * resource.getpagesize() + (8 << 20)}")
    site.start_workers(2)
    with trial.load():

        def heap(number, stopping):
            upload(site)

        before = site.worker_pids()
        with crowd(heap, 24):
            wait_until(lambda: site.worker_pids() != before, 30, what="the end of a worker")
        trial.go_on()
    # The supervisor takes its time with a worker that does not stay up.
    return Expected({200, 502, 504}, outage=15)
