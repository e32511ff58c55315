"""The package's life on a machine, from its installation to its purge; each test goes on where the last one ended."""

import os
import signal
import time
from pathlib import Path

import pytest
from machine import HOST, Visitor
from stack import accepts, wait_until
from wrk import unharmed

pytestmark = pytest.mark.machine

ENV = "/etc/sessiond/sessiond.env"
KEY = "a key of the Django project, long enough for it to be taken"
SETTINGS = f"""
SECRET_KEY='{KEY}'
DATABASE_URL=postgresql:///sessiond
ALLOWED_HOSTS='["{HOST}"]'
SESSION_COOKIE_SECURE=True
CSRF_COOKIE_SECURE=True
AUTHENTICATION=any
AUTHENTICATION_ANY_FORCE=True
"""
UNITS = ["sessiond.socket", "sessiond@1.service", "sessiond-clear.timer"]


@pytest.fixture(scope="module", autouse=True)
def within(machine):
    with machine.network():
        yield


def install(machine, package):
    machine.copy(package, "/root/sessiond.deb")
    return machine.run("apt-get", "-qy", "install", "/root/sessiond.deb")


def set_settings(machine, text):
    """Adds lines to the settings; returns what takes them away again."""
    before = machine.path(ENV).read_text()
    with machine.path(ENV).open("a") as file:
        file.write(text)
    return lambda: machine.path(ENV).write_text(before)


def state(machine, unit):
    return machine.systemctl("is-active", unit, check=False).stdout.strip()


def test_apt_installs_it_and_nothing_runs(machine, package):
    install(machine, package)
    assert machine.run("stat", "-c", "%a %U:%G", ENV).stdout.strip() == "640 root:sessiond"
    user = machine.run("getent", "passwd", "sessiond").stdout.strip().split(":")
    assert user[-2:] == ["/var/lib/sessiond", "/usr/sbin/nologin"] and int(user[2]) < 1000
    for unit in UNITS:
        assert state(machine, unit) == "inactive"
        assert machine.systemctl("is-enabled", unit, check=False).stdout.strip() in ("disabled", "")
    assert machine.systemctl("is-system-running").stdout.strip() == "running"


def test_a_worker_without_a_key_fails_once_and_says_so(machine):
    assert machine.systemctl("start", "sessiond@1", check=False).returncode != 0
    time.sleep(1.5)
    assert state(machine, "sessiond@1") == "failed" and machine.show("sessiond@1", "NRestarts") == "0"
    assert machine.show("sessiond@1", "ExecMainStatus") == "78"
    assert machine.journal("sessiond@1").count("SECRET_KEY: it is not set") == 1
    machine.systemctl("stop", "sessiond.socket")
    machine.systemctl("reset-failed")


def test_sessiondctl_checks_and_migrates_with_the_services_settings(machine):
    machine.sql("CREATE ROLE sessiond LOGIN", "postgres")
    machine.sql("CREATE DATABASE sessiond OWNER sessiond", "postgres")
    set_settings(machine, SETTINGS)
    before = machine.run("sessiondctl", "check", check=False)
    assert before.returncode == 1 and "migrations: 1 not applied" in before.stdout
    assert "Applying sessions.0001_initial... OK" in machine.run("sessiondctl", "migrate").stdout
    after = machine.run("sessiondctl", "check")
    assert all(line.endswith(": ok") for line in after.stdout.splitlines()), after.stdout
    assert machine.run("sessiondctl", "check", user="nobody", check=False).returncode != 0


def test_a_request_through_the_nginx_example_starts_the_first_worker(machine):
    example = machine.path("/usr/share/sessiond/nginx/sessiond.conf").read_text()
    example = example.replace("/etc/ssl/certs/example.org.pem", "/etc/ssl/certs/ssl-cert-snakeoil.pem")
    example = example.replace("/etc/ssl/private/example.org.key", "/etc/ssl/private/ssl-cert-snakeoil.key")
    # All that is sent comes from one address.
    example = example.replace("example.org", HOST).replace("burst=30", "burst=1000000")
    machine.path("/etc/nginx/conf.d/sessiond.conf").write_text(example)
    machine.run("nginx", "-t")
    machine.systemctl("restart", "nginx")
    machine.systemctl("start", "sessiond.socket")
    assert machine.run("stat", "-c", "%a %U:%G", "/run/sessiond/worker.sock").stdout.strip() == "660 sessiond:www-data"
    assert state(machine, "sessiond@1") == "inactive"
    visitor = Visitor(443)
    assert visitor.login("alice").shows("alice") and visitor.get("/myapp/connection/").shows("alice")
    assert state(machine, "sessiond@1") == "active"
    assert machine.sql("SELECT count(*) FROM django_session") == "1"


def test_workers_are_enabled_and_serve_one_socket(machine):
    machine.systemctl("enable", "--now", "sessiond@1", "sessiond@2", "sessiond-clear.timer")
    workers = [machine.worker(number) for number in (1, 2)]
    assert all(workers) and len(set(workers)) == 2
    machine.systemctl("stop", "sessiond@1")
    try:
        assert machine.answers() and state(machine, "sessiond@1") == "inactive"
    finally:
        machine.systemctl("start", "sessiond@1")
    sockets = {os.readlink(f"/proc/{machine.worker(number)}/fd/3") for number in (1, 2)}
    assert len(sockets) == 1 and sockets.pop().startswith("socket:")


def limit(process, name):
    """The soft and the hard limit."""
    line = next(line for line in Path(f"/proc/{process}/limits").read_text().splitlines() if line.startswith(name))
    return line.removeprefix(name).split()[:2]


def test_a_worker_can_do_what_it_needs_and_no_more(machine):
    machine.run("systemd-analyze", "security", "--threshold=15", "sessiond@1.service")
    machine.run("systemd-analyze", "security", "--threshold=15", "sessiond-clear.service")
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{machine.worker(1)}/status").read().splitlines())
    uid = machine.run("id", "-u", "sessiond").stdout.strip()
    assert status["Uid"].split() == [uid] * 4 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    (files, _), (core, _) = limit(machine.worker(1), "Max open files"), limit(machine.worker(1), "Max core file size")
    # The machine may not have the right to raise what it was given itself.
    assert int(files) == min(65536, int(limit(machine.leader, "Max open files")[1])) and core == "0"
    # Nothing of what it tried was refused to it.
    assert "Operation not permitted" not in machine.journal("sessiond@1")


def test_no_secret_is_shown(machine):
    for words in (["status", "--full", "sessiond@1"], ["show", "sessiond@1"]):
        assert KEY not in machine.systemctl(*words).stdout
    assert KEY not in machine.journal("sessiond@1") + machine.journal("sessiond@2")


def replaced(machine, number, old, seconds):
    wait_until(lambda: machine.worker(number) not in (0, old), seconds, "a new worker", pause=0.1)
    wait_until(lambda: state(machine, f"sessiond@{number}") == "active", 5, "the new worker's start", pause=0.1)


def test_a_worker_that_is_killed_is_replaced_in_a_second(machine):
    old = machine.worker(1)
    os.kill(old, signal.SIGKILL)
    replaced(machine, 1, old, 3)
    assert machine.answers()


def test_a_worker_that_hangs_is_replaced(machine):
    """Stopped, its loop does not turn; the watchdog is 10 s."""
    old = machine.worker(2)
    os.kill(old, signal.SIGSTOP)
    replaced(machine, 2, old, 20)
    assert "watchdog" in machine.journal("sessiond@2").lower()
    assert machine.answers()


def test_all_workers_killed_at_once_lose_none_of_the_waiting(machine):
    """A request that comes meanwhile waits in the socket, which systemd holds."""
    for number in (1, 2):
        os.kill(machine.worker(number), signal.SIGKILL)
    start = time.monotonic()
    assert machine.answers() and time.monotonic() - start < 5
    for number in (1, 2):
        wait_until(lambda: state(machine, f"sessiond@{number}") == "active", 5, "the workers")
    assert state(machine, "sessiond.socket") == "active"


def test_the_timer_clears_expired_sessions(machine):
    machine.sql(
        "INSERT INTO django_session SELECT 'expired' || number, '', now() - interval '1 day'"
        " FROM generate_series(1, 25000) number"
    )
    drop_in = machine.path("/run/systemd/system/sessiond-clear.timer.d")
    drop_in.mkdir(parents=True)
    soon = ["OnCalendar=", "OnActiveSec=1s", "RandomizedDelaySec=0", "AccuracySec=100ms"]
    (drop_in / "soon.conf").write_text("\n".join(["[Timer]", *soon]) + "\n")
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "sessiond-clear.timer")
    expired = "SELECT count(*) FROM django_session WHERE expire_date < now()"
    wait_until(lambda: machine.sql(expired) == "0", 20, "the end of the expired sessions", pause=0.3)
    assert machine.sql("SELECT count(*) FROM django_session") != "0"
    wait_until(lambda: state(machine, "sessiond-clear.service") == "inactive", 10, "the end of the service")
    assert machine.show("sessiond-clear.service", "Result") == "success"
    (drop_in / "soon.conf").unlink()
    machine.systemctl("daemon-reload")


def test_a_secret_may_be_a_credential(machine):
    """The key lies in /etc/credstore, for root alone; a session from before shows that it is the same."""
    visitor = Visitor(443)
    assert visitor.login("alice").shows("alice")
    machine.run("install", "-d", "-m", "700", "/etc/credstore")
    machine.path("/etc/credstore/sessiond.secret_key").write_text(KEY)
    machine.run("chmod", "600", "/etc/credstore/sessiond.secret_key")
    before = machine.path(ENV).read_text()
    machine.path(ENV).write_text(before.replace(f"SECRET_KEY='{KEY}'\n", ""))
    try:
        machine.run("sessiondctl", "check")
        assert machine.run("stat", "-c", "%a", "/var/lib/sessiond").stdout == "700\n"
        machine.run("sessiondctl", "restart")
        assert visitor.get("/myapp/connection/").shows("alice")
    finally:
        machine.path("/etc/credstore/sessiond.secret_key").unlink()
        machine.path(ENV).write_text(before)
    machine.run("sessiondctl", "restart")
    assert visitor.get("/myapp/connection/").shows("alice")


def test_a_wrong_setting_ends_a_rolling_restart_and_the_others_go_on(machine):
    old = machine.worker(2)
    put_back = set_settings(machine, "SESSION_COOKIE_AGE=60x\n")
    try:
        done = machine.run("sessiondctl", "restart", check=False)
        assert done.returncode == 1 and "sessiond@1.service does not start" in done.stderr
        assert machine.worker(2) == old and machine.answers()
        assert "SESSION_COOKIE_AGE: '60x'" in machine.journal("sessiond@1")
        assert state(machine, "sessiond.socket") == "active"
    finally:
        put_back()
    machine.run("sessiondctl", "restart")
    assert all(machine.worker(number) not in (0, old) for number in (1, 2))


def test_no_request_is_lost_by_rolling_restarts(machine, requests):
    restarts = 0
    with unharmed(requests) as is_enough:
        while not is_enough():
            old = machine.worker(1)
            machine.run("sessiondctl", "restart")
            assert machine.worker(1) != old
            restarts += 1
    assert restarts >= 2
    print(f"{restarts} rolling restarts")


def test_requests_wait_for_the_only_worker_while_it_is_restarted(machine):
    machine.systemctl("stop", "sessiond@2")
    try:
        with unharmed(1000) as is_enough:
            for _ in range(2):
                machine.run("sessiondctl", "restart")
                time.sleep(1)
            wait_until(is_enough, 60, "the requests")
    finally:
        machine.systemctl("start", "sessiond@2")


def test_no_request_is_lost_by_reloads_of_nginx_and_restarts_at_once(machine, requests):
    """A connection for each request: nginx of Debian 12 closes one that is kept even where a request is on its way."""
    plain = 'server { listen 127.0.0.1:8080; include /usr/share/sessiond/nginx/sessiond_server.conf; }'
    machine.path("/etc/nginx/conf.d/plain.conf").write_text(plain)
    machine.systemctl("reload", "nginx")
    wait_until(lambda: accepts(("127.0.0.1", 8080)), what="the second server")
    rounds = 0
    with unharmed(requests, "http://127.0.0.1:8080", close=True) as is_enough:
        while not is_enough():
            machine.run("nginx", "-s", "reload")
            if rounds % 3 == 0:
                machine.run("sessiondctl", "restart")
            rounds += 1
            time.sleep(0.5)
    assert rounds >= 5
    print(f"{rounds} reloads, {rounds // 3} rolling restarts")


def test_no_request_is_lost_by_an_upgrade(machine, newer_package, requests):
    settings = machine.path(ENV).read_text()
    old = {machine.worker(number) for number in (1, 2)}
    with unharmed(requests) as is_enough:
        install(machine, newer_package)
        wait_until(is_enough, 300, "the requests")
    assert machine.run("dpkg-query", "-W", "-f", "${Version}", "sessiond").stdout == "0.1.0+next"
    assert not old & {machine.worker(number) for number in (1, 2)}
    assert machine.path(ENV).read_text() == settings
    assert machine.run("stat", "-c", "%a %U:%G", ENV).stdout.strip() == "640 root:sessiond"


def test_it_comes_back_after_a_reboot(machine):
    visitor = Visitor(443)
    assert visitor.login("alice").shows("alice")
    machine.stop()
    machine.boot()
    with machine.network():
        wait_until(machine.answers, 20, "the workers", pause=0.3)
        assert visitor.get("/myapp/connection/").shows("alice")
        assert [state(machine, f"sessiond@{number}") for number in (1, 2)] == ["active", "active"]
        assert state(machine, "sessiond-clear.timer") == "active"


def test_removed_it_leaves_its_settings(machine):
    machine.run("apt-get", "-qy", "remove", "sessiond")
    for unit in [*UNITS, "sessiond@2.service"]:
        assert state(machine, unit) == "inactive"
    assert not machine.path("/usr/bin/sessiond").exists() and not machine.path("/run/sessiond/worker.sock").exists()
    assert KEY in machine.path(ENV).read_text()
    assert machine.path("/var/lib/sessiond").exists()


def test_purged_it_leaves_nothing(machine):
    machine.run("apt-get", "-qy", "purge", "sessiond")
    found = machine.run("find", "/etc", "/usr", "/var", "/run", "-xdev", "-name", "*sessiond*").stdout.splitlines()
    ours = {"/etc/nginx/conf.d/sessiond.conf"}  # the operator's copy of the example
    others = ("/var/log/", "/usr/share/doc/", "/run/systemd/")
    assert not [name for name in found if name not in ours and not name.startswith(others)]
    assert machine.run("getent", "passwd", "sessiond", check=False).returncode != 0
    assert "0 unit files listed" in machine.systemctl("list-unit-files", "sessiond*", check=False).stdout
