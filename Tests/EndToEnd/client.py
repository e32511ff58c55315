"""A small HTTP client that sends just the bytes it is told to, and a browser's memory for cookies on top of it."""

import http.client
import re
import socket
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True)
class Response:
    status: int
    headers: list
    body: bytes

    @property
    def text(self):
        return self.body.decode()

    def every(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        return ", ".join(self.every(name))

    @property
    def is_form(self):
        """Whether this is the login form, CSRF token and all."""
        return self.status == 200 and 'type="password"' in self.text and 'name="csrfmiddlewaretoken"' in self.text

    def shows(self, username):
        """Whether this is the page of someone who is logged in; the name as it stands in the HTML."""
        return self.status == 200 and f"You are : <strong>{username}</strong>" in self.text

    def cookie(self, name):
        """The Set-Cookie text of this name, or None."""
        return next((text for text in self.every("Set-Cookie") if text.startswith(name + "=")), None)


def to_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def exchange(sock, raw, method="GET"):
    """Sends raw bytes on a connection and reads one response from it."""
    try:
        sock.sendall(raw)
    except (BrokenPipeError, ConnectionResetError):
        pass  # a server that refuses a large body may stop reading; its answer is still there
    response = http.client.HTTPResponse(sock, method=method)
    response.begin()
    return Response(response.status, response.getheaders(), response.read())


def compose(method, path, headers=(), body=b""):
    """The bytes of a request; headers are (name, value) pairs, each str or bytes, passed on as they are."""
    lines = [b" ".join([to_bytes(method), to_bytes(path), b"HTTP/1.1"])]
    names = {to_bytes(name).lower() for name, _ in headers}
    if body and not names & {b"content-length", b"transfer-encoding"}:
        headers = [*headers, ("Content-Length", str(len(body)))]
    lines += [to_bytes(name) + b": " + to_bytes(value) for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def request(port, method, path, headers=(), body=b"", timeout=20):
    headers = list(headers)
    if not any(to_bytes(name).lower() == b"host" for name, _ in headers):
        headers.insert(0, ("Host", f"127.0.0.1:{port}"))
    headers.append(("Connection", "close"))
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as sock:
        return exchange(sock, compose(method, path, headers, body), method)


FORM_TYPE = "application/x-www-form-urlencoded"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([A-Za-z0-9]{64})"')


@dataclass
class Browser:
    """Keeps cookies as a browser does, and knows its way through the login form."""

    port: int
    cookies: dict = field(default_factory=dict)

    def send(self, method, path, headers=(), body=b"", timeout=20):
        headers = list(headers)
        if self.cookies:
            headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items())))
        response = self.request(method, path, headers, body, timeout)
        for text in response.every("Set-Cookie"):
            name, value = text.split(";", 1)[0].split("=", 1)
            if "Max-Age=0" in text:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return response

    def request(self, method, path, headers, body, timeout):
        return request(self.port, method, path, headers, body, timeout)

    def get(self, path, headers=(), timeout=20):
        return self.send("GET", path, headers, timeout=timeout)

    def post(self, path, fields, headers=(), timeout=20):
        body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
        return self.send("POST", path, [("Content-Type", FORM_TYPE), *headers], body, timeout)

    def token(self):
        """A fresh CSRF token, as the form carries it; its cookie is remembered."""
        visitor = type(self)(self.port, {name: value for name, value in self.cookies.items() if name == "csrftoken"})
        found = TOKEN.search(visitor.get("/myapp/connection/").text)
        assert found, "the form carries no CSRF token"
        self.cookies["csrftoken"] = visitor.cookies["csrftoken"]
        return found.group(1)

    def login(self, username, password="correct horse", timeout=20):
        fields = {"csrfmiddlewaretoken": self.token(), "username": username, "password": password}
        return self.post("/myapp/login/", fields, timeout=timeout)

    @property
    def session_key(self):
        return self.cookies.get("sessionid")
