"""The log of a whole site: its lines, what they hold and never hold, and that nobody waits for whoever reads them."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from django_accounts import Accounts
from stack import SECRET_KEY, Stack, end, wait_until

FORM, LOGOUT = "/myapp/connection/", "/myapp/logout/"
PASSWORD, WRONG = "correct horse", "a-wrong-password-5c1f"
UNKNOWN = "unknownkey0123456789abcdefghijkl"
LINE = re.compile(r"(?:<[2-7]>)?\{.*\}")


@pytest.fixture(scope="module")
def site(program):
    """A site with accounts; nginx writes its log at once."""
    hashers = '["django.contrib.auth.hashers.MD5PasswordHasher"]'  # quick
    stack = Stack(program, workers=1, AUTHENTICATION="django", DATABASE_TIMEOUT="1", PASSWORD_HASHERS=hashers)
    stack.replacements = {"buffer=64k flush=5s": ""}
    try:
        stack.start_postgres()
        stack.accounts = Accounts(stack)
        stack.accounts.migrate()
        stack.accounts.make_user("alice")
        migrated = stack.sessiond("migrate", "--session-list")
        assert migrated.returncode == 0, migrated.stderr
        stack.start_workers(1)
        stack.start_nginx()
        wait_until(lambda: stack.request("GET", FORM).status == 200, what="the first page")
        yield stack
        stack.accounts.close()
    finally:
        stack.stop()


def audit(stack, since=0, name="worker.log"):
    return [line for line in stack.log_lines(name)[since:] if line["logger"] == "sessiond.audit"]


class Journey:
    """What one visitor does, with the request numbers that nginx gave him."""

    def __init__(self, site):
        self.site, self.browser = site, site.browser()
        self.since = len(site.log_lines())
        self.keys = set()

    def access(self):
        """The last word of nginx's last line, which it writes when the answer has gone."""
        return self.site.log("access.log").splitlines()[-1].split()[-1]

    def log_in(self, password=PASSWORD, username="alice"):
        page = self.browser.login(username, password)
        if self.browser.session_key:
            self.keys.add(self.browser.session_key)
        return page

    def log_out(self):
        return self.browser.post(LOGOUT, {"csrfmiddlewaretoken": self.browser.token()})

    def lines(self):
        return audit(self.site, self.since)

    def messages(self):
        return [line["message"] for line in self.lines()]


def test_a_whole_journey(site):
    """Each event has one line, the lines of a session are joined by the hash of its key, and reading says nothing."""
    visitor = Journey(site)
    assert visitor.log_in(WRONG).status == 200
    assert visitor.log_in().status == 302
    for _ in range(3):
        assert "alice" in visitor.browser.get(FORM).text
    assert visitor.log_in().status == 302
    assert visitor.log_out().status == 200
    wait_until(lambda: visitor.messages()[-1] == "logout", what="the last line")
    failed, login, created, again, cycled, flushed, logout = lines = visitor.lines()
    assert visitor.messages() == [
        "login failed", "login", "session created", "login", "session cycled", "session flushed", "logout"]
    who = {"user": "alice", "network": "127.0.0.0/24"}
    assert failed["metadata"] == who
    assert login["metadata"].items() >= (who | {"user_id": "1"}).items()
    first, second = created["metadata"]["session"], cycled["metadata"]["session"]
    assert re.fullmatch("[0-9a-f]{16}", first) and first != second
    assert cycled["metadata"]["from"] == first
    assert flushed["metadata"]["session"] == logout["metadata"]["session"] == second
    for line in lines:
        assert list(line) == ["time", "level", "logger", "message", "request_id", "pid", "metadata"]
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"])
        assert line["pid"] == site.workers[0].pid
    assert login["request_id"] == created["request_id"] != again["request_id"]
    wait_until(lambda: logout["request_id"] == visitor.access(), what="nginx's line")
    assert no_secrets(site, visitor.keys)


def test_refused_expired_and_corrupted_sessions(site):
    visitor = Journey(site)
    assert visitor.browser.get(FORM).is_form
    site.browser(sessionid=UNKNOWN).get(FORM)
    visitor.log_in()
    key = visitor.browser.session_key
    row = site.row(key)[0]
    site.sql("UPDATE django_session SET session_data = %s WHERE session_key = %s", [row[:-1] + "x", key])
    site.browser(sessionid=key).get(FORM)
    expired = "UPDATE django_session SET expire_date = now() - interval '1 s', session_data = %s WHERE session_key = %s"
    site.sql(expired, [row, key])
    site.browser(sessionid=key).get(FORM)
    visitor.keys.add(UNKNOWN)
    wait_until(lambda: visitor.messages()[-1] == "session expired", what="the last line")
    assert visitor.messages() == ["session refused", "login", "session created", "session corrupted", "session expired"]
    refused, _, created, corrupted, expired = (line["metadata"]["session"] for line in visitor.lines())
    assert created == corrupted == expired != refused
    assert "key" in visitor.lines()[3]["metadata"]["reason"]
    assert no_secrets(site, visitor.keys)


def no_secrets(site, keys):
    """Neither a key nor a password nor SECRET_KEY stands in any log, and each line of the worker is one JSON object."""
    for path in (site.directory / "log").iterdir():
        text = path.read_text(errors="replace")
        assert not [secret for secret in [*keys, PASSWORD, WRONG, SECRET_KEY] if secret in text], path.name
    lines = site.log("worker.log").splitlines()
    assert lines and all(json.loads(line) and line.isascii() and line.isprintable() for line in lines)
    return True


def test_sessions_that_their_user_ends(site):
    here, there = Journey(site), Journey(site)
    there.log_in()
    wait_until(lambda: "session created" in there.messages(), what="the login")
    created = there.lines()[-1]["metadata"]["session"]
    here.since = len(site.log_lines())
    here.log_in()
    fields = {"end": "others", "csrfmiddlewaretoken": here.browser.token()}
    assert here.browser.post("/myapp/sessions/", fields).status == 302
    assert there.browser.get(FORM).is_form
    wait_until(lambda: here.messages()[-1] == "session refused", what="the last line")
    ended = [line["metadata"] for line in here.lines() if line["message"] == "session ended"]
    assert {"session": created, "user": "alice", "user_id": "1"} in ended
    assert no_secrets(site, here.keys | there.keys)


def test_a_name_is_cut_and_escaped(site):
    visitor = Journey(site)
    name = "\u202e\x1b[31mé\n" + "n" * 140
    visitor.log_in(WRONG, name)
    wait_until(lambda: "login failed" in visitor.messages(), what="the line")
    assert name in [line["metadata"].get("user") for line in visitor.lines()] and no_secrets(site, [])


def test_attempts_past_the_limit(site):
    visitor = Journey(site)
    for _ in range(10):
        assert visitor.log_in(WRONG, "mallory").status == 200
    assert visitor.log_in(WRONG, "mallory").status == 429
    wait_until(lambda: visitor.messages()[-1] == "login limited", what="the last line")
    assert visitor.lines()[-1]["metadata"] == {"user": "mallory", "network": "127.0.0.0/24"}
    assert set(visitor.messages()) <= {"login failed", "login limited"} and no_secrets(site, [])


def test_what_anybody_can_bring_about_is_bounded(site):
    """A flood of keys that nobody has costs ten lines and one that says how many there were."""
    visitor = Journey(site)
    for number in range(40):
        site.browser(sessionid=f"{number:032}").get(FORM)
    refused = [line for line in visitor.lines() if line["message"] == "session refused"]
    assert len(refused) <= 10

    def told():
        """How many refusals the lines tell of, those before the test began included."""
        lines = [line for line in visitor.lines() if line["message"] == "session refused"]
        more = [re.match(r"\d+", line["metadata"]["repeated"])[0] for line in lines if "repeated" in line["metadata"]]
        return len(lines) - len(more) + sum(map(int, more)) == 40

    wait_until(told, what="the line that says how many more there were")


def test_an_error_page_has_the_number_of_its_line(site):
    visitor = Journey(site)
    visitor.log_in()
    wait_until(lambda: "session created" in visitor.messages(), what="the login")
    before = len(site.log_lines())
    site.stop_postgres()
    try:
        page = visitor.browser.get(FORM)
        assert page.status == 503
        number = re.search("<code>([0-9a-f]{32})</code>", page.text)[1]
        lines = wait_until(
            lambda: [line for line in site.log_lines()[before:] if line.get("request_id") == number], what="its line")
        assert [(line["level"], line["message"]) for line in lines] == [("error", "Service Unavailable")]
        wait_until(lambda: visitor.access() == number, what="nginx's line")
        forged = site.request("GET", FORM, [("Cookie", f"sessionid={visitor.browser.session_key}"),
                                            ("Sessiond-Request-Id", "forged"), ("X-Request-Id", "forged")])
        assert forged.status == 503 and "forged" not in forged.text
    finally:
        site.start_postgres()
    wait_until(lambda: visitor.browser.get(FORM).status == 200, what="the database")

    def of_the_outage():
        lines = [line["message"] for line in site.log_lines()[before:]]
        return [message for message in lines if message.startswith("database not") or message.endswith("again")]

    # The last of all connections is back some time after the first.
    wait_until(lambda: "database connected again" in of_the_outage(), what="the line that says so")
    assert of_the_outage() == ["database not reachable", "database connected again"]


# -- formats


def test_the_journal_gets_levels(site):
    """As systemd starts it: standard error is a socket, and JOURNAL_STREAM names it."""
    ours, theirs = socket.socketpair()
    status = os.fstat(theirs.fileno())
    address = site.run / "journal.sock"
    process = subprocess.Popen(
        [site.program, "serve", "--listen", f"unix:{address}"], stderr=theirs, stdin=subprocess.DEVNULL,
        env=site.environment(JOURNAL_STREAM=f"{status.st_dev}:{status.st_ino}"))
    theirs.close()
    try:
        text = ours.recv(4096).decode()
        assert text.startswith("<5>{") and json.loads(text.splitlines()[0][3:])["message"] == "serving"
    finally:
        end(process)
        ours.close()


def test_people_are_written_to_on_a_terminal(site):
    master, terminal = os.openpty()
    process = subprocess.Popen(
        [site.program, "serve", "--listen", f"unix:{site.run}/terminal.sock"], stderr=terminal,
        stdin=subprocess.DEVNULL, env=site.environment())
    os.close(terminal)
    try:
        assert re.match(r"20\d\d-\S+Z notice sessiond: serving", os.read(master, 4096).decode())
    finally:
        end(process)
        os.close(master)


# -- where the log cannot be written


def serves_without_log(site, address):
    """All is answered as ever, whatever becomes of the lines."""
    with site.fastcgi(address) as connection:
        for number in range(300):
            assert connection.exchange("GET", "/nowhere").status == 404
            assert connection.exchange("GET", FORM, HTTP_COOKIE=f"sessionid={number:032}").status == 200
    return True


def worker_with_log(site, descriptor, address, **settings):
    """A worker whose standard error is that descriptor, or closed."""
    script = 'exec "$@" 2>&-' if descriptor is None else 'exec "$@"'
    process = subprocess.Popen(
        ["/bin/sh", "-c", script, "-", site.program, "serve", "--listen", f"unix:{address}"],
        stderr=descriptor, stdin=subprocess.DEVNULL, env=site.environment(LOG_LEVEL="trace", **settings))
    wait_until(lambda: process.poll() is not None or os.path.exists(address), what="the worker's socket")
    return process


@pytest.mark.parametrize("kind", ["closed", "reader gone", "full pipe", "full disk"])
def test_a_log_that_cannot_be_written_costs_no_request(site, kind):
    address = str(site.run / f"{kind.replace(' ', '-')}.sock")
    descriptor = reader = None
    if kind == "full disk":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    elif kind != "closed":
        reader, descriptor = os.pipe()
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 4096)
        if kind == "reader gone":
            os.close(reader)
    process = worker_with_log(site, descriptor, address)
    if descriptor is not None:
        os.close(descriptor)
    try:
        assert serves_without_log(site, address)
        # Or the next socket would have got the number, and all lines.
        assert kind != "closed" or os.readlink(f"/proc/{process.pid}/fd/2") == "/dev/null"
        if kind == "full pipe":
            lines = read_on(reader)
            assert all(LINE.fullmatch(line) for line in lines), lines
            with site.fastcgi(address) as connection:
                connection.exchange("GET", "/nowhere")
            lost, line = (json.loads(line) for line in read_on(reader))
            assert lost["message"] == "lines of this log were lost" and int(lost["metadata"]["lines"]) > 200
            assert line["message"] == "Not Found"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        end(process)
        if kind == "full pipe":
            os.close(reader)


def read_on(reader):
    """What lies in the pipe."""
    os.set_blocking(reader, False)
    text, deadline = b"", time.monotonic() + 10
    while not text and time.monotonic() < deadline:
        try:
            while piece := os.read(reader, 65536):
                text += piece
        except BlockingIOError:
            time.sleep(0.05)
    return text.decode().splitlines()
