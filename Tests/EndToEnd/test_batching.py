"""Acceptance 7: under load many requests share a statement and a commit, and one thread does the work."""

import re
import subprocess
import threading
from pathlib import Path

import django_side
import pytest

FORM = "/myapp/connection/"

LOGIN_SCRIPT = """
wrk.method = "POST"
wrk.body = "csrfmiddlewaretoken={token}&username=wrk&password=x"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.headers["Cookie"] = "csrftoken={secret}"
"""


class Wrk:
    """One run of wrk with 64 connections."""

    def __init__(self, stack, path, *options, seconds=5):
        command = ["wrk", "-t2", "-c64", f"-d{seconds}s", *options, f"http://127.0.0.1:{stack.port}{path}"]
        self.output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 30).stdout
        self.requests = int(re.search(r"(\d+) requests in", self.output)[1])
        self.clean = "Non-2xx" not in self.output and "Socket errors" not in self.output


def statements(stack, *words):
    """How often statements were executed that hold all of these words."""
    rows = stack.sql("SELECT query, calls FROM pg_stat_statements")
    return sum(calls for query, calls in rows if all(word in query for word in ("django_session", *words)))


def commits(stack):
    return stack.sql("SELECT xact_commit FROM pg_stat_database WHERE datname = 'sessiond'")[0][0]


@pytest.fixture
def counted(stack):
    stack.sql("SELECT pg_stat_statements_reset()")


def test_sessions_are_read_many_at_a_time(stack, counted):
    key = django_side.create({"username": "alice"})
    wrk = Wrk(stack, FORM, "-H", f"Cookie: sessionid={key}")
    assert wrk.clean and wrk.requests > 200, wrk.output
    calls = statements(stack, "SELECT")
    assert 0 < calls * 3 < wrk.requests, f"{calls} statements for {wrk.requests} requests"


def test_logins_share_statements_and_commits(stack, counted, browser, tmp_path):
    script = tmp_path / "login.lua"
    script.write_text(LOGIN_SCRIPT.format(token=browser.token(), secret=browser.cookies["csrftoken"]))
    rows, begun = stack.sql("SELECT count(*) FROM django_session")[0][0], commits(stack)
    wrk = Wrk(stack, "/myapp/login/", "-s", str(script))
    assert wrk.clean and wrk.requests > 100, wrk.output
    calls = statements(stack, "INSERT")
    assert 0 < calls * 2 < wrk.requests, f"{calls} statements for {wrk.requests} logins"
    assert (commits(stack) - begun) * 2 < wrk.requests
    assert stack.sql("SELECT count(*) FROM django_session")[0][0] - rows >= wrk.requests


def test_a_page_without_a_session_asks_nothing_of_the_database(stack, counted):
    wrk = Wrk(stack, FORM, seconds=2)
    assert wrk.clean and wrk.requests > 200, wrk.output
    assert statements(stack) == 0


def thread_times(pid):
    """Clock ticks of processor time that each thread of a process has used."""
    times = {}
    for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
        fields = stat.read_text().rpartition(")")[2].split()
        times[stat.parent.name] = int(fields[11]) + int(fields[12])
    return times


def test_a_worker_has_one_busy_thread(stack):
    key = django_side.create({"username": "alice"})
    before = {worker.pid: thread_times(worker.pid) for worker in stack.workers}
    wrk = Wrk(stack, FORM, "-H", f"Cookie: sessionid={key}")
    assert wrk.clean, wrk.output
    used = []  # by each worker, thread by thread; how they share the connections is the kernel's choice
    for pid, old in before.items():
        used.append(sorted(ticks - old.get(thread, 0) for thread, ticks in thread_times(pid).items()))
    assert sum(map(sum, used)) > 50, f"the workers had next to nothing to do: {used}"
    for threads in used:
        assert sum(threads[:-1]) <= threads[-1] // 5, f"ticks of a worker, thread by thread: {threads}"


def test_the_same_session_read_by_all_is_always_the_same(stack):
    """What one batch answers to many must be each one's own: 32 clients with 32 sessions, all at once."""
    keys = {f"user{number}": django_side.create({"username": f"user{number}"}) for number in range(32)}
    wrong = []

    def client(name, key):
        for _ in range(40):
            page = stack.browser(sessionid=key).get(FORM)
            if not page.shows(name):
                wrong.append((name, page.status))

    threads = [threading.Thread(target=client, args=item) for item in keys.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong


def test_one_bad_row_in_a_batch_is_one_bad_answer(stack):
    good = django_side.create({"username": "good"})
    bad = django_side.create({"username": "bad"})
    large = django_side.create({"username": "large", "padding": [str(number) for number in range(40_000)]})
    stack.sql("UPDATE django_session SET session_data = 'corrupt' WHERE session_key = %s", [bad])
    seen = {good: [], bad: [], large: [], "gone" * 8: []}

    def client(key):
        for _ in range(20):
            seen[key].append(stack.browser(sessionid=key).get(FORM))

    threads = [threading.Thread(target=client, args=(key,)) for key in seen for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(page.shows("good") for page in seen[good])
    assert all(page.shows("large") for page in seen[large])
    assert all(page.is_form for page in seen[bad] + seen["gone" * 8])
