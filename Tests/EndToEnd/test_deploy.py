"""deploy/up and deploy/down, run as an ordinary user in a home directory of their own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
from client import Browser
from stack import ROOT, free_port, wait_until


class Deployment:
    """A copy of deploy/ and nginx/, a program that is already built, and somebody's home."""

    def __init__(self, stack):
        self.home = Path(tempfile.mkdtemp(prefix="home-", dir="/tmp"))
        self.owner = stack.owner
        self.checkout = self.home / "checkout"
        for name in ("deploy", "nginx"):
            shutil.copytree(ROOT / name, self.checkout / name)
        self.program = self.checkout / "sessiond"
        shutil.copy(stack.program, self.program)
        for path in [self.home, *self.home.rglob("*")]:
            if self.owner:
                os.chown(path, self.owner["user"], self.owner["group"])
        self.home.chmod(0o755)
        self.port = free_port()

    def run(self, command, *words):
        return subprocess.run(
            [self.checkout / "deploy" / command, *words], cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120, env={"PATH": "/usr/bin:/bin", "HOME": str(self.home)}, **self.owner,
        )

    def up(self, *words):
        return self.run("up", "--binary", str(self.program), *words)

    def status(self):
        done = self.run("up", "--status")
        return done.returncode, dict(line.split("=", 1) for line in done.stdout.splitlines())

    def pids(self):
        values = self.status()[1]
        return [int(pid) for name, text in values.items() if name.endswith(("PID", "PIDS")) for pid in text.split()]


@pytest.fixture
def deployment(stack):
    deployment = Deployment(stack)
    try:
        yield deployment
    finally:
        deployment.run("down", "--purge")
        shutil.rmtree(deployment.home, ignore_errors=True)


def succeeded(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_from_nothing_to_a_login_and_back_to_nothing(deployment):
    assert deployment.status()[0] == 3
    output = succeeded(deployment.up("--port", str(deployment.port)))
    assert output.splitlines()[-1] == f"http://127.0.0.1:{deployment.port}/myapp/connection/"
    assert Browser(deployment.port).login("alice").shows("alice")

    code, values = deployment.status()
    assert code == 0 and values["BASE_URL"] == f"http://127.0.0.1:{deployment.port}"
    assert values["FCGI_ADDR"].startswith("unix:/") and Path(values["FCGI_ADDR"][5:]).is_socket()
    assert len(values["WORKER_PIDS"].split()) == 2
    key = Path(values["SECRET_KEY_FILE"])
    assert key.stat().st_mode & 0o777 == 0o600 and len(key.read_text().strip()) >= 50
    count = ["psql", "-XAt", values["DATABASE_URL"], "-c", "SELECT count(*) FROM django_session"]
    assert subprocess.run(count, capture_output=True, text=True, check=True, **deployment.owner).stdout == "1\n"

    pids = deployment.pids()
    assert len(pids) == 5
    assert "Ended" in succeeded(deployment.run("down"))
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert deployment.status()[0] == 3
    assert "Nothing was running" in succeeded(deployment.run("down"))


def test_a_second_run_changes_nothing_and_says_so(deployment):
    succeeded(deployment.up("--port", str(deployment.port)))
    before = deployment.pids()
    assert "nothing was changed" in succeeded(deployment.up())
    assert deployment.pids() == before


def test_data_and_key_are_there_again_after_an_end(deployment):
    succeeded(deployment.up("--port", str(deployment.port)))
    browser = Browser(deployment.port)
    browser.login("alice")
    succeeded(deployment.run("down"))
    succeeded(deployment.up())
    assert browser.get("/myapp/connection/").shows("alice")


def test_after_a_sudden_end_with_stale_files_it_comes_back(deployment):
    """What a power cut leaves: process ids that are nobody's or another's, and sockets without a server."""
    succeeded(deployment.up("--port", str(deployment.port)))
    browser = Browser(deployment.port)
    browser.login("alice")
    for pid in deployment.pids():
        try:
            os.killpg(os.getpgid(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    run = Path(deployment.status()[1]["FCGI_ADDR"][5:]).parent
    for name in ("nginx.pid", "supervisor.pid"):
        (run / name).write_text("1\n")
    assert deployment.status()[0] == 3
    succeeded(deployment.up())
    assert browser.get("/myapp/connection/").shows("alice")


@pytest.mark.parametrize("failed_before", [False, True])
def test_a_new_program_takes_over(deployment, failed_before):
    succeeded(deployment.up("--port", str(deployment.port)))
    _, values = deployment.status()
    old = values["WORKER_PIDS"]
    with open(deployment.program, "ab") as program:
        program.write(b"\n")  # the same program, in other bytes
    if failed_before:  # a run that ended just after it had put the program there
        place = Path(values["SECRET_KEY_FILE"]).parent / "bin"
        subprocess.run(["cp", deployment.program, place / "sessiond.new"], check=True, **deployment.owner)
        subprocess.run(["mv", place / "sessiond.new", place / "sessiond"], check=True, **deployment.owner)
    assert "take over" in succeeded(deployment.up())

    def replaced():
        new = deployment.status()[1]["WORKER_PIDS"].split()
        return len(new) == 2 and not set(new) & set(old.split())

    wait_until(replaced, what="new workers")
    assert Browser(deployment.port).login("alice").shows("alice")


def test_the_port_can_be_changed(deployment):
    succeeded(deployment.up("--port", str(deployment.port)))
    other = free_port()
    succeeded(deployment.up("--port", str(other)))
    assert Browser(other).login("alice").shows("alice")


def test_a_taken_port_is_one_clear_line(deployment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = deployment.up("--port", str(port))
    assert done.returncode == 1 and done.stderr == f"up: port {port} is taken; choose another with --port\n"


@pytest.mark.parametrize("words", [["--port"], ["--port", "0"], ["--port", "65536"], ["--port", "a"], ["--dance"]])
def test_a_wrong_argument_is_one_clear_line(deployment, words):
    done = deployment.up(*words)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1


def test_the_scripts_explain_themselves(deployment):
    for command in ("up", "down"):
        assert succeeded(deployment.run(command, "--help")).startswith("usage:")


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_the_scripts_are_clean():
    names = ["up", "down", "supervise", "package", "debian/sessiondctl"]
    names += [f"debian/sessiond.{script}" for script in ("postinst", "prerm", "postrm")]
    scripts = [*(ROOT / "deploy" / name for name in names), ROOT / "Tests/run", ROOT / ".ci/run"]
    done = subprocess.run(["shellcheck", "-x", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
