"""Session reads while eight logins at a time wait for their password's hash, beside the same reads alone."""

import dataclasses
import threading
from statistics import median

import wrk
from accounts import PASSWORD, LoginForm, start
from bench import SESSIONS
from measure import measure, require
from wrk import Wrk

TITLE = "session reads beside hashing"
LOGINS, CONNECTIONS = 8, 4
LENGTH = 5


def seconds(plan):
    return plan.rounds * plan.runs(2, LENGTH)


def run(plan):
    bench, tool = plan.bench, Wrk(LENGTH, connections=CONNECTIONS)
    peer = start(bench, plan.sessiond, plan.sessiond.processes)
    load = session_reads(bench, peer)
    figures = {"alone": [], "beside": [], "logins": []}

    def measured():
        result = measure(bench, peer, load, tool)
        return {"p50": result.p50, "p99": result.p99, "rate": result.rate}

    for number in range(1, plan.rounds + 1):
        for name in ("alone", "beside") if number % 2 else ("beside", "alone"):
            if name == "alone":
                figures[name].append(measured())
                continue
            with Logins(bench, peer) as logins:
                figures[name].append(measured())
            figures["logins"].append(logins.rate)
        alone, beside = figures["alone"][-1], figures["beside"][-1]
        plan.say(f"round {number}/{plan.rounds}  p99 {alone['p99'] / 1000:.2f} ms alone, {beside['p99'] / 1000:.2f} ms "
                 f"beside {figures['logins'][-1]:.1f} logins/s; p50 {alone['p50'] / 1000:.2f} and "
                 f"{beside['p50'] / 1000:.2f} ms; {alone['rate']:,.0f} and {beside['rate']:,.0f} requests/s")
    for value in ("p50", "p99", "rate"):
        figures[value] = median(after[value] / before[value]
                                for before, after in zip(figures["alone"], figures["beside"]))
    plan.figures.numbers["hashing"] = figures
    plan.say(f"p99 beside them to p99 alone: {figures['p99']:.2f}")


def session_reads(bench, peer):
    """Reads of as many sessions as usual, all of a user who has logged in here."""
    bench.port = bench.ports[peer.name]
    visitor = bench.browser()
    visitor.login("user0000", PASSWORD)
    require(visitor.session_key, "a user with the right password is not logged in")
    bench.sql("DELETE FROM django_session WHERE session_key <> %s", [visitor.session_key])
    bench.sql("INSERT INTO django_session SELECT md5('user' || n), session_data, expire_date "
              f"FROM django_session, generate_series(2, {SESSIONS}) AS n")
    bench.sql("VACUUM ANALYZE django_session")
    keys = [key for (key,) in bench.sql("SELECT session_key FROM django_session")]
    load = next(load for load in wrk.loads(bench, keys) if load.name == "session read")
    return dataclasses.replace(load, is_right=lambda response: response.shows("user0000"))


class Logins:
    """Clients who log in one after the other with a wrong password, for as long as the block lasts."""

    def __init__(self, bench, peer):
        self.forms = [LoginForm(bench, peer) for _ in range(LOGINS)]
        self.threads = [threading.Thread(target=self.work, args=item) for item in enumerate(self.forms)]
        self.is_over, self.times, self.error = False, [], None

    def work(self, number, form):
        try:
            while not self.is_over:
                self.times.append(form.fail(f"user{number:04}")[0])
        except Exception as error:  # noqa: BLE001 - it is raised where the block ends
            self.error = error
        finally:
            form.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        if self.error:
            raise self.error

    @property
    def rate(self):
        """Logins a second, of so many at once."""
        return LOGINS * len(self.times) / sum(self.times)
