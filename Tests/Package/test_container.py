"""deploy/Containerfile, built and run by buildah on the base that debootstrap makes; no registry is asked."""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from fcgi import Connection
from machine import ROOT, STORE, base, run
from stack import accepts, end, wait_until

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module")
def buildah(package):
    """Runs a command of buildah in a store of its own, which holds Debian's base and the image."""
    if os.getuid() != 0 or not shutil.which("buildah"):
        pytest.skip("it takes root and buildah")
    place = STORE / f"container-{os.getpid()}"
    place.mkdir()
    shutil.copy(package, place)
    words = ["buildah", f"--root={place}/root", f"--runroot={place}/run", "--storage-driver=vfs"]
    debian = run(*words, "from", "scratch").stdout.strip()
    try:
        run(*words, "add", "--quiet", debian, base(), "/")
        run(*words, "commit", "--quiet", "--rm", debian, "localhost/debian")
        run(*words, "bud", "--isolation=chroot", "--pull=false", "--build-arg=BASE=localhost/debian", "--tag=sessiond",
            "--file", ROOT / "deploy/Containerfile", place)
        yield words
    finally:
        run(*words, "rm", "--all", check=False)
        shutil.rmtree(place)


@pytest.fixture
def container(buildah):
    name = run(*buildah, "from", "--pull=false", "localhost/sessiond").stdout.strip()
    yield name
    run(*buildah, "rm", name)


def test_the_image_holds_the_package_and_runs_as_its_user(buildah, container):
    words = [*buildah, "run", "--isolation=chroot", container, "--"]
    assert run(*words, "id", "-un").stdout.strip() == "sessiond"
    assert run(*words, "dpkg-query", "-W", "-f", "${Status}", "sessiond").stdout == "install ok installed"
    place = Path(run(*buildah, "mount", container).stdout.strip()) / "run/sessiond"
    assert stat.S_IMODE(place.stat().st_mode) == 0o2750


def test_a_container_serves_a_socket_in_a_volume(buildah, container):
    inside = run(*buildah, "inspect", "--format", "{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}", container).stdout
    command = inside.replace("[", "").replace("]", "").split()
    assert command[:2] == ["/usr/bin/sessiond", "serve"]
    root = Path(run(*buildah, "mount", container).stdout.strip())
    volume = Path(tempfile.mkdtemp(prefix="sessiond-", dir="/tmp"))
    owner = (root / "run/sessiond").stat()
    os.chown(volume, owner.st_uid, owner.st_gid)
    volume.chmod(owner.st_mode)
    words = [*buildah, "run", "--isolation=chroot", "--env=SECRET_KEY=a key for the tests, long enough for serve"]
    words.append(f"--volume={volume}:/run/sessiond")
    with open(STORE / "container.log", "w") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        process = subprocess.Popen([*words, container, "--", *command], **options)
    try:
        address = f"{volume}/worker.sock"
        wait_until(lambda: process.poll() is None and accepts(address), what="the worker's socket")
        with Connection(address, 10) as connection:
            assert connection.exchange().status == 200
        found = os.stat(address)
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (owner.st_uid, owner.st_gid, 0o660)
    finally:
        end(process)
        shutil.rmtree(volume)
