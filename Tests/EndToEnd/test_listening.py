"""Where the listening socket comes from: standard input, systemd, a path, an address."""

import os
import socket
import stat
import subprocess

import fcgi
import pytest
from stack import accepts, end, free_port, wait_until

# LISTEN_PID must name the process that serves, so a shell sets it and becomes that process.
AS_SYSTEMD = 'exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=worker; exec "$@"'


def served(stack, address):
    with stack.fastcgi(address) as connection:
        answer = connection.exchange()
        return answer.status == 200 and b"csrfmiddlewaretoken" in answer.body


@pytest.fixture(params=["unix", "tcp"])
def listener(request, stack):
    """A socket that someone else has opened, and its address."""
    if request.param == "tcp":
        sock = socket.create_server(("127.0.0.1", 0))
        address = sock.getsockname()
    else:
        address = str(stack.run / f"given-{os.getpid()}.sock")
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
        sock.listen(64)
    with sock:
        yield sock, address
    if request.param == "unix":
        os.unlink(address)


def test_a_socket_on_standard_input_is_served(stack, listener):
    sock, address = listener
    process = stack.spawn(stack.program, "serve", stdin=sock, log="apart.log")
    try:
        assert served(stack, address)
    finally:
        end(process)
    assert process.returncode == 0


def test_a_socket_from_systemd_is_served(stack, listener):
    sock, address = listener
    process = stack.spawn("/bin/bash", "-c", AS_SYSTEMD, "-", stack.program, "serve", stdin=sock, log="apart.log")
    try:
        assert served(stack, address)
    finally:
        end(process)
    assert process.returncode == 0


def test_a_socket_meant_for_another_process_is_not_taken(stack, listener):
    sock, _ = listener
    script = AS_SYSTEMD.replace("LISTEN_PID=$$", "LISTEN_PID=1")
    process = stack.spawn("/bin/bash", "-c", script, "-", stack.program, "serve", stdin=sock, log="apart.log")
    try:
        assert process.wait(10) != 0
    finally:
        end(process)


def test_a_given_socket_outlives_the_worker(stack, listener):
    sock, address = listener
    for _ in range(2):
        process = stack.spawn(stack.program, "serve", stdin=sock, log="apart.log")
        assert served(stack, address)
        end(process)


def test_spawn_fcgi_starts_a_worker(stack):
    address = str(stack.run / "spawned.sock")
    command = ["spawn-fcgi", "-n", "-s", address, "-M", "0660", "--", stack.program, "serve"]
    process = stack.spawn(*command, log="apart.log")
    try:
        wait_until(lambda: os.path.exists(address) and accepts(address), what="the spawned socket")
        assert served(stack, address)
    finally:
        end(process)
    assert process.returncode == 0


def test_a_path_is_opened_for_the_group_alone(stack):
    with stack.worker() as (_, address):
        assert stat.S_IMODE(os.stat(address).st_mode) == 0o660
        assert served(stack, address)


def test_the_mode_of_a_path_can_be_set(stack):
    with stack.worker("--mode", "0600") as (_, address):
        assert stat.S_IMODE(os.stat(address).st_mode) == 0o600


def test_an_address_is_opened(stack):
    port = free_port()
    process = stack.spawn(stack.program, "serve", "--listen", f"127.0.0.1:{port}", log="apart.log")
    try:
        wait_until(lambda: process.poll() is not None or accepts(("127.0.0.1", port)), what="the port")
        assert served(stack, ("127.0.0.1", port))
    finally:
        end(process)
    assert process.returncode == 0


def test_a_socket_file_that_nobody_serves_is_replaced(stack):
    stale = str(stack.run / "stale.sock")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(stale)
    if stack.owner:
        os.chown(stale, stack.owner["user"], stack.owner["group"])
    process = stack.spawn(stack.program, "serve", "--listen", f"unix:{stale}", log="apart.log")
    try:
        wait_until(lambda: process.poll() is not None or accepts(stale), what="the new socket")
        assert served(stack, stale)
    finally:
        end(process)


def test_a_socket_that_is_served_is_not_stolen(stack):
    with stack.worker() as (process, address):
        second = stack.sessiond("serve", "--listen", f"unix:{address}", timeout=10)
        assert second.returncode != 0 and address in second.stderr
        assert process.poll() is None and served(stack, address)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--listen", "nonsense"],
        ["--listen", "unix:"],
        ["--listen", "unix:/no/such/directory/socket"],
        ["--listen", "unix:/tmp/" + "x" * 200],
        ["--listen", "127.0.0.1:99999"],
        ["--listen", "127.0.0.1:"],
        ["--mode", "rw", "--listen", "unix:/tmp/never.sock"],
    ],
    ids=lambda words: " ".join(words)[:40] or "nothing",
)
def test_without_a_usable_socket_serve_says_so(stack, arguments):
    done = stack.sessiond("serve", *arguments, timeout=10)
    assert done.returncode not in (0, -6, -4, -5) and done.stderr.strip()


def test_a_port_in_use_is_one_clear_line(stack):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        try:
            done = stack.sessiond("serve", "--listen", f"127.0.0.1:{port}", timeout=10)
        except subprocess.TimeoutExpired:
            pytest.fail("it serves a port that another process has")
    assert done.returncode != 0 and str(port) in done.stderr
