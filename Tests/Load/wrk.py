"""wrk, and the three loads that it makes."""

import json
import subprocess
from dataclasses import dataclass
from typing import Callable

THREADS, CONNECTIONS = 2, 64
"""What the table of results is made with."""

FORM_PATH, LOGIN_PATH = "/myapp/connection/", "/myapp/login/"
LOGIN_FIELDS = "csrfmiddlewaretoken={token}&username=alice&password=correct+horse"
FORM_TYPE = "application/x-www-form-urlencoded"

# The last line that wrk then prints.
REPORT = """
function done(summary, latency, requests)
    local errors = summary.errors
    print(string.format('{"requests": %d, "microseconds": %d, "bytes": %d, "p50": %d, "p99": %d, "errors": %d}',
        summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""

# The keys lie in a file, one behind the other. Each of two threads begins elsewhere, so that equal keys do not meet.
KEY_LENGTH, KEY_FILE = 32, "keys"
READ_SCRIPT = """
local keys, count, index, head, tail
local threads = 0
function setup(thread)
    thread:set("begin", threads / {threads})
    threads = threads + 1
end
function init()
    local file = assert(io.open("{file}", "rb"))
    keys = file:read("*a")
    file:close()
    count = #keys / {length}
    index = math.floor(begin * count)
    head, tail = wrk.format("GET", nil, {{ Cookie = "sessionid=KEY" }}):match("^(.*)KEY(.*)$")
end
function request()
    index = index % count + 1
    return head .. keys:sub((index - 1) * {length} + 1, index * {length}) .. tail
end
"""

# Each connection waits for a while before a request, of any length up to twice the mean.
DELAY_SCRIPT = """
function delay()
    return math.random(0, {most})
end
"""

LOGIN_SCRIPT = """
wrk.method = "POST"
wrk.body = "{body}"
wrk.headers["Content-Type"] = "{type}"
wrk.headers["Cookie"] = "csrftoken={secret}"
"""


@dataclass(frozen=True)
class Load:
    """One kind of request: wrk's script for it, one such request by hand, and what its answer must be."""

    name: str
    path: str
    script: str
    sample: Callable
    is_right: Callable
    rows: int = 0
    """How many rows each answer means."""
    keys: tuple = ()
    """The sessions to ask for, each in turn."""
    headers: tuple = ()
    body: str = ""
    """The same request for a tool that repeats one."""


def is_form(response):
    return response.status == 200 and 'type="password"' in response.text


def is_alice(response):
    return response.shows("alice")


def is_login(response):
    return is_alice(response) and response.cookie("sessionid") is not None


def loads(bench, keys=None):
    """The form for a first visit, the page of one of many sessions, and a login without a session."""
    keys = tuple(keys or bench.session_keys)
    body = LOGIN_FIELDS.format(token=bench.csrf_token)
    read = READ_SCRIPT.format(threads=THREADS, file=KEY_FILE, length=KEY_LENGTH)
    read_headers = (("Cookie", f"sessionid={keys[0]}"),)
    post = LOGIN_SCRIPT.format(body=body, type=FORM_TYPE, secret=bench.csrf_secret)
    post_headers = (("Content-Type", FORM_TYPE), ("Cookie", f"csrftoken={bench.csrf_secret}"))

    def sample_form():
        return bench.request("GET", FORM_PATH)

    def sample_read():
        return bench.request("GET", FORM_PATH, read_headers)

    def sample_login():
        return bench.request("POST", LOGIN_PATH, post_headers, body.encode())

    return [
        Load("form", FORM_PATH, "", sample_form, is_form),
        Load("session read", FORM_PATH, read, sample_read, is_alice, keys=keys, headers=read_headers),
        Load("login", LOGIN_PATH, post, sample_login, is_login, rows=1, headers=post_headers, body=body),
    ]


@dataclass(frozen=True)
class Result:
    """What one run of wrk, or of ab, saw; latencies in microseconds."""

    requests: int
    microseconds: int
    bytes: int
    p50: int
    p99: int
    errors: int
    kept: float = 1
    """The share of requests whose connection was kept for another. ab speaks HTTP/1.0: it can keep none to a peer that
    does not say the length of its pages."""

    @property
    def rate(self):
        return self.requests * 1e6 / self.microseconds


@dataclass(frozen=True)
class Wrk:
    """One way of running wrk."""

    seconds: int
    connections: int = CONNECTIONS
    threads: int = THREADS
    delay: int = 0
    """The mean pause of a connection between two requests, in milliseconds."""

    name = "wrk"

    def __str__(self):
        return f"wrk -t{self.threads} -c{self.connections}"

    @property
    def left_behind(self):
        """How many requests may have been done whose answers came too late to be counted."""
        return self.connections

    def run(self, load, port, directory):
        script = directory / f"{load.name.replace(' ', '-')}.lua"
        delay = DELAY_SCRIPT.format(most=2 * self.delay) if self.delay else ""
        script.write_text(load.script + delay + REPORT)
        (directory / KEY_FILE).write_text("".join(load.keys))
        command = [*str(self).split(), f"-d{self.seconds}s", "-s", str(script), f"http://127.0.0.1:{port}{load.path}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=self.seconds + 30, cwd=directory)
        if done.returncode != 0 or not done.stdout:
            raise RuntimeError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
        return Result(**json.loads(done.stdout.splitlines()[-1]))

    @staticmethod
    def size(response):
        """How many bytes this response takes on a kept connection; the sample's own was closed after it."""
        head = sum(len(name) + len(value) + 4 for name, value in response.headers)
        head += len("keep-alive") - len(response.header("Connection"))
        body = len(response.body)
        if response.header("Transfer-Encoding") == "chunked":
            body += len(f"{body:x}\r\n" "\r\n" "0\r\n\r\n")
        return len("HTTP/1.1 200 OK\r\n\r\n") + head + body
