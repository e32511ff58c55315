"""wrk against the machine's nginx: it reads the page of a session, or logs in, and looks at each answer."""

import json
import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from urllib.parse import urlencode

from client import FORM_TYPE
from machine import HOST, Visitor

SCRIPT = """
local threads = {}
function setup(thread) table.insert(threads, thread) end
wrong, example, answers = 0, "", 0
function init() progress = io.open(PROGRESS, "w") end
function response(status, headers, body)
    answers = answers + 1
    if answers % 100 == 0 then
        progress:write(".")
        progress:flush()
    end
    if status ~= 200 or not string.find(body, EXPECTED, 1, true) then
        wrong = wrong + 1
        example = status .. " " .. string.sub(body, 1, 300)
    end
end
function done(summary, latency)
    local wrong, example = 0, ""
    for _, thread in ipairs(threads) do
        wrong = wrong + thread:get("wrong")
        example = example .. thread:get("example")
    end
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format("\\nRESULT %d %d %d %f\\n", summary.requests, lost, wrong, latency.max / 1e6))
    if wrong > 0 then io.write("EXAMPLE " .. example .. "\\n") end
end
"""


class Wrk:
    """One process; `requests` answered, `lost` without an answer, `wrong` with another than was due."""

    def __init__(self, url, username, method="GET", headers=(), body="", connections=16):
        self.progress = tempfile.NamedTemporaryFile()
        lines = [f"wrk.method = {json.dumps(method)}", f"EXPECTED = 'You are : <strong>{username}</strong>'"]
        lines.append(f"PROGRESS = {json.dumps(self.progress.name)}")
        lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers]
        lines += [f"wrk.body = {json.dumps(body)}"] if body else []
        self.script = tempfile.NamedTemporaryFile("w", suffix=".lua")
        self.script.write("\n".join(lines) + SCRIPT)
        self.script.flush()
        words = [f"-c{connections}", "-t1", "-d3600s", "--timeout", "15s", "-s", self.script.name]
        self.process = subprocess.Popen(
            ["wrk", *words, url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    @property
    def so_far(self):
        """How many were answered, to a hundred."""
        assert self.process.poll() is None, self.process.stdout.read()
        return 100 * os.stat(self.progress.name).st_size

    def finish(self):
        self.process.send_signal(signal.SIGINT)
        self.output, _ = self.process.communicate(timeout=60)
        self.script.close()
        self.progress.close()
        words = next(line for line in self.output.splitlines() if line.startswith("RESULT")).split()
        self.requests, self.lost, self.wrong = (int(word) for word in words[1:4])
        self.slowest = float(words[4])
        return self

    def __str__(self):
        return f"{self.requests} answers, {self.lost} lost, {self.wrong} wrong, the slowest after {self.slowest:.2f} s"


def both(url, close=False):
    """A load of pages and one of logins, at once, on kept connections or with one for each request."""
    always = [("Host", HOST)] + ([("Connection", "close")] if close else [])
    reader = Visitor(443)
    assert reader.login("reader").shows("reader")
    cookie = f"sessionid={reader.session_key}"
    pages = Wrk(url + "/myapp/connection/", "reader", headers=[*always, ("Cookie", cookie)])
    visitor = Visitor(443)
    token = visitor.token()
    headers = [
        *always, ("Cookie", f"csrftoken={visitor.cookies['csrftoken']}"), ("Content-Type", FORM_TYPE),
        ("Referer", f"https://{HOST}/myapp/connection/"),
    ]
    body = urlencode({"username": "writer", "password": "x", "csrfmiddlewaretoken": token})
    return pages, Wrk(url + "/myapp/login/", "writer", "POST", headers, body)


@contextmanager
def unharmed(requests, url="https://127.0.0.1", close=False):
    """A load while the block runs, of which not a request fails; gives what says whether there were as many yet."""
    loads = both(url, close)
    try:
        yield lambda: sum(one.so_far for one in loads) >= requests
    finally:
        for one in loads:
            one.finish()
    for one in loads:
        print(one)
        assert one.lost == 0 and one.wrong == 0, one.output
    assert sum(one.requests for one in loads) >= requests
