"""The requests as nginx would pass them on, sent to a worker's socket in batches that timing does not change."""

import os
import re
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import fcgi
from client import TOKEN, Response
from stack import ROOT, wait_until
from wrk import FORM_PATH, FORM_TYPE, LOGIN_FIELDS, LOGIN_PATH, is_alice, is_form, is_login

REQUEST_ID = "b9f51c0123456789abcdef0123456789"
PARAMETER = re.compile(r"^fastcgi_param +(\w+) +(\S+?)( +if_not_empty)?;$", re.MULTILINE)


def passed_on(method, path, body="", cookie=None):
    """The bytes of a request with the parameters that nginx/sessiond_params names, and the client's own headers."""
    variables = {
        "request_method": method, "request_uri": path, "document_uri": path, "fastcgi_script_name": path,
        "query_string": "", "content_type": FORM_TYPE if body else "", "content_length": str(len(body) or ""),
        "server_protocol": "HTTP/1.1", "server_name": "localhost", "server_port": "8080", "https": "",
        "sessiond_forwarded_host": "", "sessiond_forwarded_port": "", "sessiond_forwarded_proto": "",
        "remote_addr": "127.0.0.1", "remote_port": "50000", "host$sessiond_port": "127.0.0.1:8080",
        "request_id": REQUEST_ID,
    }
    values = {}
    for name, value, if_not_empty in PARAMETER.findall((ROOT / "nginx/sessiond_params").read_text()):
        value = variables[value[1:]] if value.startswith("$") else value.strip('"')
        # An empty HTTP_* only keeps nginx from passing on the client's header.
        if value or not (if_not_empty or name.startswith("HTTP_")):
            values[name] = value
    if cookie:
        values["HTTP_COOKIE"] = cookie
    parameters, body = fcgi.stream(fcgi.PARAMS, fcgi.encode(values)), fcgi.stream(fcgi.STDIN, body.encode())
    return fcgi.begin() + parameters + body


@dataclass(frozen=True)
class Load:
    """One kind of request, each time in a new form where that matters, and what its answer must be."""

    name: str
    requests: list
    is_right: Callable
    settings: dict = field(default_factory=dict)
    """Of a worker that answers it, where they are not the usual ones."""

    def request(self, number):
        return self.requests[number % len(self.requests)]


def form():
    return Load("form", [passed_on("GET", FORM_PATH)], is_form)


def session_read(session_keys):
    requests = [passed_on("GET", FORM_PATH, cookie=f"sessionid={key}") for key in session_keys]
    return Load("session-read", requests, is_alice)


def login(form_page):
    """A login without a session, with the token and the cookie of a form that was answered."""
    token = TOKEN.search(form_page.text).group(1)
    cookie = form_page.cookie("csrftoken").split(";")[0]
    return Load("login", [passed_on("POST", LOGIN_PATH, LOGIN_FIELDS.format(token=token), cookie)], is_login)


def gate(session_keys):
    """nginx's question whether a session may pass, with the parameters of nginx/sessiond_gate.conf."""
    text = (ROOT / "nginx/sessiond_gate.conf").read_text().partition("location = ")[2].partition("}")[0]
    variables = {"$http_cookie": "", "$http_x_session_token": "", "$sessiond_require": "user", "$sessiond_groups": "off",
                 "$request_id": REQUEST_ID}
    found = re.findall(r"fastcgi_param +(\w+) +(\S+?)( +if_not_empty)?;", text)
    values = {name: variables.get(value, value.strip('"')) for name, value, _ in found if name != "HTTP_X_SESSION_TOKEN"}
    assert "DOCUMENT_URI" in values and "SESSIOND_REQUIRE" in values

    def request(key):
        parameters = fcgi.encode(values | {"HTTP_COOKIE": f"sessionid={key}"})
        return fcgi.begin() + fcgi.stream(fcgi.PARAMS, parameters) + fcgi.stream(fcgi.STDIN, b"")

    requests = [request(key) for key in session_keys]
    return Load("gate", requests, lambda response: response.status == 204, {"AUTHENTICATION": "django"})


class Batches:
    """Kept connections to a worker, on each of which one request of a batch goes.

    A batch of one is a request like any other. The requests of a larger batch must reach the worker in one turn of its
    loop, so it is stopped while they are sent. It must be asleep before: whatever it still did would be cut in two, and
    some of the requests might find it awake.
    """

    def __init__(self, process, address, size):
        self.pid = process.pid
        self.connections = [fcgi.Connection(address) for _ in range(size)]
        self.sent = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.connections:
            connection.socket.close()

    def exchange(self, load):
        """Sends a batch and returns its answers, all of them right."""
        together = len(self.connections) > 1
        if together:
            self.wait_for("S")
            os.kill(self.pid, signal.SIGSTOP)
            self.wait_for("Tt")
        try:
            for connection in self.connections:
                connection.send(load.request(self.sent))
                self.sent += 1
        finally:
            if together:
                os.kill(self.pid, signal.SIGCONT)
        return [self.receive(connection, load) for connection in self.connections]

    def receive(self, connection, load):
        answer = connection.receive()
        assert answer.ended, f"the worker closed the connection on a {load.name}"
        response = Response(answer.status, answer.headers, answer.body)
        assert load.is_right(response), f"{load.name} is answered with status {response.status} and a wrong page"
        return response

    def wait_for(self, states):
        """Waits until the worker is in one of these states of proc(5)."""
        stat = Path(f"/proc/{self.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(") ")[2][0] in states, what=f"state {states}", pause=0.0005)
