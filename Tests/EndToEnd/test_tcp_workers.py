"""Workers of two hosts behind one nginx: two addresses of this machine, over TCP."""

import pytest
from load import load
from stack import Stack, accepts, end, free_port, wait_until

FORM = "/myapp/connection/"


class Host:
    """An address with a worker."""

    def __init__(self, site, name):
        self.site, self.name, self.port, self.process = site, name, free_port(), None

    def start(self):
        command = [self.site.program, "serve", "--listen", f"{self.name}:{self.port}"]
        self.process = self.site.spawn(*command, log="worker.log")
        wait_until(lambda: accepts((self.name, self.port)), what="the worker")


@pytest.fixture
def site(program, stack):
    site = Stack(program, DATABASE_URL=stack.database_url())
    site.hosts = [Host(site, "127.0.0.2"), Host(site, "127.0.0.3")]
    servers = "".join(f"server {host.name}:{host.port} fail_timeout=1s;\n" for host in site.hosts)
    site.replacements = {f"server             unix:{site.worker_socket};": servers}
    try:
        for host in site.hosts:
            host.start()
        site.start_nginx()
        assert all(f"{host.name}:{host.port}" in (site.directory / "nginx/nginx.conf").read_text() for host in site.hosts)
        yield site
    finally:
        for host in site.hosts:
            end(host.process)
        site.stop()


def visitor(site):
    return lambda: site.request("GET", FORM).status


def newcomer(site, acknowledged):
    def step():
        browser = site.browser()
        page = browser.login("alice")
        if page.status == 200:
            assert page.shows("alice") and browser.get(FORM).shows("alice")
            acknowledged.append(browser.session_key)
        return page.status

    return step


@pytest.mark.parametrize("how", ["killed", pytest.param("ended", marks=pytest.mark.long)])
def test_a_host_goes_and_the_other_serves_all(stack, site, how):
    acknowledged, (first, second) = [], site.hosts
    with load(visitor(site), newcomer(site, acknowledged)) as (visiting, logging_in):
        def more():
            visits, logins = visiting.count(200), len(acknowledged)
            wait_until(lambda: visiting.count(200) >= visits + 40 and len(acknowledged) >= logins + 40)

        more()
        first.process.kill() if how == "killed" else first.process.terminate()
        first.process.wait(20)
        more()
        first.start()
        more()
    # A page that was asked for is asked for again at the other; a login that was sent is not.
    assert set(visiting.outcomes) == {200}, (visiting.outcomes, visiting.failures[:3])
    allowed = {200, 502} if how == "killed" else {200}
    assert set(logging_in.outcomes) <= allowed, (logging_in.outcomes, logging_in.failures[:3])
    assert set(acknowledged) <= {key for (key,) in stack.sql("SELECT session_key FROM django_session")}
    # The other goes, and the first is the only one that is left, as soon as nginx has noticed that it is back.
    second.process.kill() if how == "killed" else second.process.terminate()
    second.process.wait(20)
    wait_until(lambda: site.request("GET", FORM).status == 200, what="the first host's return")
    assert site.browser().login("last").shows("last")
