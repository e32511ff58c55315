"""wrk, and the three loads that it makes."""

import json
import subprocess
from dataclasses import dataclass
from typing import Callable

THREADS, CONNECTIONS = 2, 64

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

# Each thread begins elsewhere in the table, so that equal keys do not meet.
READ_SCRIPT = """
local keys, threads, requests, index = {{ {keys} }}, 0, {{}}, 0
function setup(thread)
    thread:set("begin", math.floor(threads * #keys / {threads}))
    threads = threads + 1
end
function init()
    for i, key in ipairs(keys) do
        requests[i] = wrk.format("GET", nil, {{ Cookie = "sessionid=" .. key }})
    end
    index = begin
end
function request()
    index = index % #requests + 1
    return requests[index]
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


def is_form(response):
    return response.status == 200 and 'type="password"' in response.text


def is_alice(response):
    return response.shows("alice")


def is_login(response):
    return is_alice(response) and response.cookie("sessionid") is not None


def loads(bench):
    """The form for a first visit, the page of one of 10,000 sessions, and a login without a session."""
    key, body = bench.session_keys[0], LOGIN_FIELDS.format(token=bench.csrf_token)
    read = READ_SCRIPT.format(threads=THREADS, keys=",".join(f'"{key}"' for key in bench.session_keys))
    post = LOGIN_SCRIPT.format(body=body, type=FORM_TYPE, secret=bench.csrf_secret)
    post_headers = [("Content-Type", FORM_TYPE), ("Cookie", f"csrftoken={bench.csrf_secret}")]

    def sample_form():
        return bench.request("GET", FORM_PATH)

    def sample_read():
        return bench.request("GET", FORM_PATH, [("Cookie", f"sessionid={key}")])

    def sample_login():
        return bench.request("POST", LOGIN_PATH, post_headers, body.encode())

    return [
        Load("form", FORM_PATH, "", sample_form, is_form),
        Load("session read", FORM_PATH, read, sample_read, is_alice),
        Load("login", LOGIN_PATH, post, sample_login, is_login, rows=1),
    ]


@dataclass(frozen=True)
class Result:
    """What one run of wrk saw; latencies in microseconds."""

    requests: int
    microseconds: int
    bytes: int
    p50: int
    p99: int
    errors: int

    @property
    def rate(self):
        return self.requests * 1e6 / self.microseconds


def run(load, port, seconds, directory):
    script = directory / f"{load.name.replace(' ', '-')}.lua"
    script.write_text(load.script + REPORT)
    command = ["wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
    command.append(f"http://127.0.0.1:{port}{load.path}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30)
    if done.returncode != 0 or not done.stdout:
        raise RuntimeError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}")
    return Result(**json.loads(done.stdout.splitlines()[-1]))
