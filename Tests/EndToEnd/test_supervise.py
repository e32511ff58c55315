"""deploy/supervise: a worker that dies is replaced, a new program takes over, and TERM ends all."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from stack import ROOT, end, wait_until


@pytest.fixture
def supervised(stack, tmp_path_factory):
    """deploy/supervise with two workers on a socket of its own: the process, its directory and the socket."""
    directory = stack.directory / f"supervised-{time.monotonic_ns()}"
    stack.own(directory)
    script = stack.directory / "supervise"
    script.write_bytes((ROOT / "deploy/supervise").read_bytes())
    script.chmod(0o755)
    address = str(directory / "s")
    # As nohup leaves it, which must not make the supervisor deaf.
    command = ["spawn-fcgi", "-n", "-s", address, "-M", "0660", "--", script, "2", directory, stack.program, "serve"]
    process = stack.spawn("env", "--ignore-signal=HUP", *command, log="supervise.log")
    try:
        wait_until(lambda: len(workers(directory)) == 2, what="two workers")
        wait_until(lambda: answers(stack, address), what="the workers")
        yield process, directory, address
    finally:
        end(process)


def workers(directory):
    try:
        return {int(line) for line in (directory / "workers.pid").read_text().split()}
    except FileNotFoundError:
        return set()


def answers(stack, address):
    try:
        with stack.fastcgi(address, timeout=5) as connection:
            return connection.exchange().status == 200
    except (OSError, KeyError, ValueError):
        return False


def alive(pid):
    return Path(f"/proc/{pid}").exists()


def test_a_worker_that_is_killed_is_replaced_at_once(stack, supervised):
    _, directory, address = supervised
    victim = min(workers(directory))
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(workers(directory) - {victim}) == 2, seconds=5, what="a new worker")
    for _ in range(10):
        assert answers(stack, address)


def test_all_workers_killed_come_back_and_sessions_survive(stack, supervised):
    _, directory, address = supervised
    old = workers(directory)
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not old & workers(directory) and answers(stack, address), seconds=10, what="new workers")


def test_hang_up_replaces_every_worker(stack, supervised):
    process, directory, address = supervised
    old = workers(directory)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(workers(directory)) == 2 and not old & workers(directory), what="new workers")
    wait_until(lambda: not any(map(alive, old)), seconds=15, what="the end of the old ones")
    assert answers(stack, address) and process.poll() is None


def test_a_second_hang_up_waits_for_the_first(stack, supervised):
    process, directory, address = supervised
    old = workers(directory)
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(workers(directory)) == 3, what="the first new worker")
    first = workers(directory) - old
    process.send_signal(signal.SIGHUP)
    wait_until(lambda: not (old | first) & workers(directory), what="newer workers")
    time.sleep(1.5)
    assert len(workers(directory)) == 2 and answers(stack, address)


def test_terminate_ends_workers_and_supervisor(stack, supervised):
    process, directory, _ = supervised
    old = workers(directory)
    process.terminate()
    assert process.wait(15) == 0
    assert not any(map(alive, old))
    assert not (directory / "supervisor.pid").exists()


def test_workers_end_with_a_supervisor_that_was_killed(stack, supervised):
    process, directory, _ = supervised
    old = workers(directory)
    process.kill()
    process.wait()
    wait_until(lambda: not any(map(alive, old)), seconds=15, what="the end of the workers")


def test_a_program_that_does_not_stay_up_is_tried_less_and_less_often(stack, tmp_path):
    directory = stack.directory / "failing"
    stack.own(directory)
    script = stack.directory / "supervise"
    script.write_bytes((ROOT / "deploy/supervise").read_bytes())
    script.chmod(0o755)
    command = ["spawn-fcgi", "-n", "-s", directory / "s", "--", script, "1", directory, "/bin/false"]
    process = stack.spawn(*command, log="failing.log")
    try:
        wait_until(lambda: stack.log("failing.log").count("starts in") >= 3, what="three tries")
        time.sleep(3)
        assert stack.log("failing.log").count("starts in") < 8
    finally:
        end(process)
    assert process.returncode == 0


def test_it_asks_for_what_it_needs():
    done = subprocess.run([ROOT / "deploy/supervise"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("usage:")
