"""/-/live, /-/ready and /-/metrics: what the workers count together, whom nginx lets ask, and Prometheus with the alerts and
the dashboard's queries on a loaded site."""

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest
from client import request
from django_accounts import Accounts
from load import load
from stack import ROOT, Stack, end, free_port, wait_until

ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/sessiond.json"


class Site(Stack):
    """Two workers that count."""

    def __init__(self, program, **settings):
        super().__init__(program, **settings)
        self.settings["METRICS_DIRECTORY"] = str(self.run / "metrics")

    def metrics(self):
        """The samples of all workers, by their text before the value."""
        answer = self.request("GET", "/-/metrics")
        assert answer.status == 200 and answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
        samples = [line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")]
        assert len(samples) == len({name for name, _ in samples})
        return {name: float(value) for name, value in samples}

    def value(self, sample):
        return self.metrics()[sample]


FORMS = 'sessiond_requests_total{view="loginform",status="200"}'


@pytest.fixture(scope="module")
def site(program):
    site = Site(program)
    try:
        yield site.start()
    finally:
        site.stop()


def test_each_worker_tells_what_all_have_counted(site):
    before = site.value(FORMS)
    with site.worker() as (_, one), site.worker() as (_, other):
        with site.fastcgi(one) as first, site.fastcgi(other) as second:
            for connection, number in ((first, 30), (second, 12)):
                for _ in range(number):
                    assert connection.exchange().status == 200
            for connection in (first, second):
                told = connection.exchange(path="/-/metrics").body.decode().splitlines()
                assert f"{FORMS} {before + 42:.0f}" in told and "sessiond_workers 4" in told
        assert len(list((site.run / "metrics").glob("worker-*"))) == 4
    for _ in range(30):
        assert site.request("GET", "/myapp/connection/").is_form
    assert site.value(FORMS) == before + 72


def test_requests_are_counted_by_view_and_status_and_never_by_path(site):
    for path in ("/nothing/secret-path", "/myapp/connection/?secret=1", "/myapp/connection"):
        site.request("GET", path)
    site.request("PUT", "/myapp/connection/")
    samples = site.metrics()
    assert samples['sessiond_requests_total{view="none",status="404"}'] >= 1
    assert samples['sessiond_requests_total{view="none",status="301"}'] >= 1
    assert samples['sessiond_requests_total{view="loginform",status="405"}'] >= 1
    assert samples['sessiond_request_duration_seconds_count{view="loginform"}'] == sum(
        value for name, value in samples.items() if name.startswith('sessiond_requests_total{view="loginform"'))
    assert not [name for name in samples if "secret" in name or "/" in name]


def test_sessions_and_what_the_database_did_for_them_are_counted(site):
    def counted():
        samples = site.metrics()
        return {name: samples[name] for name in (
            "sessiond_sessions_created_total",
            'sessiond_sessions_ended_total{how="flushed"}',
            'sessiond_sessions_ended_total{how="replaced"}',
            'sessiond_batch_size_sum{queue="write"}',
            'sessiond_batch_size_sum{queue="load"}',
            'sessiond_database_seconds_count{connection="write"}',
        )}

    before = counted()
    browser = site.browser()
    browser.login("alice")
    browser.login("alice")
    assert browser.get("/myapp/connection/").shows("alice")
    browser.get("/myapp/logout/")
    rise = {name: value - before[name] for name, value in counted().items()}
    # Two logins, the second of which replaced the first one's session; one logout.
    assert list(rise.values())[:4] == [2, 1, 1, 3]
    assert list(rise.values())[4] >= 2 and list(rise.values())[5] == 3
    samples = site.metrics()
    assert samples['sessiond_queue_depth{queue="load"}'] == samples['sessiond_queue_depth{queue="write"}'] == 0
    assert samples['sessiond_database_connections{connection="read"}'] == 2
    assert samples["sessiond_workers"] == samples['sessiond_build_info{version="0.1.0"}'] == 2
    assert samples["process_resident_memory_bytes"] > 10e6 and samples["process_open_fds"] > 10
    assert time.time() - 600 < samples["process_start_time_seconds"] <= time.time()


def test_what_a_killed_worker_has_counted_stays(site):
    for _ in range(20):
        site.request("GET", "/myapp/connection/")
    before = site.metrics()
    victim = site.workers.pop()
    victim.send_signal(signal.SIGKILL)
    victim.wait(10)
    after = site.metrics()
    assert after["sessiond_workers"] == 1
    assert after[FORMS] == before[FORMS]
    assert after["sessiond_worker_crashes_total"] == before["sessiond_worker_crashes_total"] + 1
    counters = [name for name in before if re.match(r"sessiond_\w+(_total|_count|_sum|_bucket)\b", name)]
    assert len(counters) > 100 and not [name for name in counters if after[name] < before[name]]
    # One that is told to end is no crash; what it counted stays too.
    site.start_workers(1)
    wait_until(lambda: site.value("sessiond_workers") == 2, what="the new worker")
    for _ in range(20):
        site.request("GET", "/myapp/connection/")
    before, leaving = site.metrics(), site.workers.pop()
    leaving.terminate()
    leaving.wait(20)
    after = site.metrics()
    assert after[FORMS] == before[FORMS] and after["sessiond_workers"] == 1
    assert after["sessiond_worker_crashes_total"] == before["sessiond_worker_crashes_total"]
    site.start_workers(1)
    wait_until(lambda: site.value("sessiond_workers") == 2, what="the next worker")


def test_promtool_finds_nothing_to_say_about_the_metrics(site):
    text = site.request("GET", "/-/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    # A Prometheus of its own would show a process by these names too; their sums are what is meant.
    assert done.returncode == 0, done.stdout + done.stderr


# -- live and ready


def test_it_lives_and_is_ready_whatever_it_is_called_and_without_a_cookie(site):
    for path in ("/-/live", "/-/ready"):
        answer = site.request("GET", path, [("Host", "10.1.2.3:9999"), ("Cookie", "sessionid=abcdefghijklmnop")])
        assert (answer.status, answer.text) == (200, "ok\n")
        assert not answer.every("Set-Cookie") and not answer.header("Vary") and "no-store" in answer.header("Cache-Control")
        assert site.request("HEAD", path).status == 200
        assert site.request("POST", path, body=b"x").status == 405
    assert site.request("GET", "/-/other").status == 404


def test_it_lives_but_is_not_ready_while_the_database_is_away(site):
    with site.worker(DATABASE_TIMEOUT="2") as (_, address), site.fastcgi(address) as connection:
        assert connection.exchange(path="/-/ready").status == 200
        site.stop_postgres()
        try:
            assert connection.exchange(path="/-/live").status == 200
            start = time.monotonic()
            answer = connection.exchange(path="/-/ready")
            assert answer.status == 503 and time.monotonic() - start < 2 + 3
            text = answer.body.decode()
            assert text.startswith("not ready: ") and "sessiond check" in text and text.count("\n") == 1
            assert str(site.run) not in text
        finally:
            site.start_postgres()
        wait_until(lambda: connection.exchange(path="/-/ready").status == 200, what="being ready")


def test_it_is_ready_once_the_migrations_are_applied(site):
    site.sql("CREATE DATABASE fresh", database="postgres")
    settings = {"DATABASE_URL": site.database_url("fresh"), "AUTHENTICATION": "django"}
    with site.worker(**settings) as (_, address), site.fastcgi(address) as connection:
        answer = connection.exchange(path="/-/ready")
        assert answer.status == 503 and b"run sessiond migrate" in answer.body
        assert site.sessiond("migrate", **settings).returncode == 0
        answer = connection.exchange(path="/-/ready")
        assert answer.status == 503 and b"auth_user" in answer.body and b"manage.py migrate" in answer.body
        assert connection.exchange(path="/-/live").status == 200
    settings["AUTHENTICATION"] = "any"
    with site.worker(**settings) as (_, address), site.fastcgi(address) as connection:
        assert connection.exchange(path="/-/ready").status == 200
        # Without its table again, it is not.
        site.sql("DROP TABLE django_session", database="fresh")
        assert connection.exchange(path="/-/ready").status == 503


def test_without_a_directory_there_are_no_metrics(site):
    with site.worker(METRICS_DIRECTORY=None) as (_, address), site.fastcgi(address) as connection:
        assert connection.exchange(path="/-/metrics").status == 404
        assert connection.exchange(path="/-/live").status == 200


def test_a_directory_that_cannot_be_used_leaves_the_site_as_it_is(site):
    with site.worker(METRICS_DIRECTORY="/proc/none") as (_, address), site.fastcgi(address) as connection:
        assert connection.exchange(path="/-/metrics").status == 404
        assert connection.exchange().status == 200
        assert "METRICS_DIRECTORY cannot be used" in site.log("apart.log")
    refused = site.sessiond("serve", METRICS_DIRECTORY="metrics")
    assert refused.returncode == 78 and refused.stderr.startswith("Error: METRICS_DIRECTORY: 'metrics' is no absolute path")


# -- nginx


def test_nginx_lets_this_machine_alone_ask(program):
    stack = Site(program, workers=1)
    allowed = "allow 127.0.0.1;"
    assert allowed in (ROOT / "nginx/sessiond_operations.conf").read_text()
    stack.replacements = {allowed: "allow 192.0.2.20;"}
    try:
        stack.start()
        for path in ("/-/live", "/-/ready", "/-/metrics"):
            assert stack.request("GET", path).status == 403
        assert stack.request("GET", "/-/other").status == 404
        # A server that does not include the file lets nobody ask.
        end(stack.nginx)
        stack.replacements = {"include sessiond_operations.conf;": ""}
        stack.start_nginx()
        for path in ("/-/live", "/-/ready", "/-/metrics", "//-/metrics", "/x/../-/metrics", "/-%2fmetrics"):
            assert stack.request("GET", path).status == 404
    finally:
        stack.stop()


# -- alerts and dashboard


def test_the_alerts_are_rules_and_fire_when_they_should():
    for words in (["rules", ALERTS], ["rules", "--lint-fatal", ALERTS]):
        done = subprocess.run(["promtool", "check", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["promtool", "test", "rules", ROOT / "Tests/EndToEnd/alerts.test.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    text = ALERTS.read_text()
    names = re.findall(r"alert: (\w+)", text)
    tested = (ROOT / "Tests/EndToEnd/alerts.test.yml").read_text()
    assert names and not [name for name in names if f'alertname="{name}", instance="ill"' not in tested]
    assert text.count("summary: ") == text.count("description: ") == len(names)


class Prometheus:
    def __init__(self, site):
        self.address = f"127.0.0.1:{free_port()}"
        directory = site.directory / "prometheus"
        site.own(directory)
        shutil.copy(ALERTS, directory / "alerts.yml")
        (directory / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "scrape_configs": [{
                "job_name": "sessiond", "metrics_path": "/-/metrics",
                "static_configs": [{"targets": [f"127.0.0.1:{site.port}"]}],
            }],
        }))
        self.process = site.spawn(
            "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
            f"--web.listen-address={self.address}", log="prometheus.log")
        wait_until(self.answers, what="Prometheus")

    def get(self, path, **values):
        query = urllib.parse.urlencode(values)
        with urllib.request.urlopen(f"http://{self.address}{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def answers(self):
        try:
            return self.query("up == 1")
        except OSError:
            assert self.process.poll() is None
            return False

    def query(self, expression):
        """The values that an expression has now; an error of it fails the test."""
        return [float(sample["value"][1]) for sample in self.get("/api/v1/query", query=expression)["result"]]


@pytest.fixture(scope="module")
def watched(program):
    """A loaded site of two workers with all that is counted: a cache, accounts, a database that was away; and Prometheus."""
    site = Site(program, AUTHENTICATION="django", PASSWORD_HASH_QUEUE="0", PASSWORD_HASH_THREADS="1")
    prometheus = accounts = None
    try:
        with site.redis() as (_, caches):
            site.settings |= {
                "SESSION_ENGINE": "django.contrib.sessions.backends.cached_db", "CACHES": json.dumps(caches)}
            site.start()
            accounts = Accounts(site)
            accounts.migrate()
            accounts.make_user("alice")
            accounts.set_password("alice", "correct horse", hasher="pbkdf2_sha256")
            prometheus = Prometheus(site)
            with loaded(site):
                # Connections that the database ends are made anew.
                time.sleep(2)
                site.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = 'sessiond'")
                time.sleep(6)
                yield site, prometheus
    finally:
        if accounts:
            accounts.close()
        end(prometheus and prometheus.process)
        site.stop()


@contextmanager
def loaded(site):
    def visit():
        browser = site.browser()
        browser.login("alice", timeout=30)
        browser.get("/myapp/connection/")
        browser.post("/myapp/logout/", {"csrfmiddlewaretoken": browser.token()})
        return 200

    def look():
        return site.request("GET", "/myapp/connection/", [("Cookie", "sessionid=abcdefghijklmnopqrstuvwxyz012345")]).status

    with load(visit, look, threads=2) as both:
        yield both


def expressions():
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$instance", ".*").replace("$__rate_interval", "20s")


def test_every_query_of_the_dashboard_has_an_answer(watched):
    _, prometheus = watched
    queries = list(expressions())
    assert len(queries) > 25

    def empty():
        return [query for query in queries if not [value for value in prometheus.query(query[1]) if value == value]]

    wait_until(lambda: not empty(), seconds=30, what=f"an answer to each of {empty()}", pause=1)
    busy = {"Requests a second", "Database connections", "Requests by view", "Sessions", "Logins", "Memory of the workers"}
    assert not [title for title, query in queries if title in busy and not max(prometheus.query(query)) > 0]


def test_every_alert_knows_what_it_asks_for_and_is_evaluated_without_an_error(watched):
    _, prometheus = watched
    rules = [rule for group in prometheus.get("/api/v1/rules")["groups"] for rule in group["rules"]]
    assert len(rules) == ALERTS.read_text().count("alert: ")
    wait_until(
        lambda: all(
            rule["health"] == "ok"
            for group in prometheus.get("/api/v1/rules")["groups"] for rule in group["rules"]), what="all rules' health")
    for rule in rules:
        prometheus.query(rule["query"])
        names = set(re.findall(r"\b(?:sessiond|process)_\w+", rule["query"])) | set(re.findall(r"\bup\b", rule["query"]))
        assert names and not [name for name in names if not prometheus.query(f"count({name})")], rule["name"]


def test_prometheus_sees_each_request_once(watched):
    site, prometheus = watched
    sample = 'sessiond_requests_total{view="none",status="404"}'
    before = site.metrics().get(sample, 0)
    for number in range(100):
        assert request(site.port, "GET", f"/nothing/{number}").status == 404
    assert site.value(sample) == before + 100
    wait_until(lambda: prometheus.query(sample) == [before + 100], what="the scrape")
