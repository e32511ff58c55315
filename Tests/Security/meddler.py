"""A man in the middle between nginx and the workers, who gives the site a weakness: the cases are seen to fail."""

import os
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

import fcgi
from stack import end


@dataclass
class Request:
    """A FastCGI request as it came from nginx; a weakness may change it before a worker gets it."""

    values: dict
    body: bytes
    number: int = 1
    keep: bool = True

    def __getitem__(self, name):
        return self.values.get(name, "")

    @property
    def cookies(self):
        pairs = (part.strip().partition("=") for part in self["HTTP_COOKIE"].split(";"))
        return {name: value for name, _, value in pairs if name}

    @property
    def everything(self):
        """All that the client sent, decoded as carelessly as can be."""
        from urllib.parse import unquote_plus

        texts = [*self.values.values(), self.body.decode("latin-1")]
        return unquote_plus("\n".join(texts), encoding="latin-1") + unquote_plus("\n".join(texts))


@dataclass
class Response:
    status: str
    headers: list
    body: bytes
    cookies: list = field(default_factory=list)

    @classmethod
    def parse(cls, output):
        head, _, body = output.partition(b"\r\n\r\n")
        lines = [line.partition(": ")[::2] for line in head.decode("latin-1").split("\r\n")]
        status = next((value for name, value in lines if name == "Status"), "200 OK")
        return cls(status, [list(line) for line in lines if line[0] not in ("Status", "Content-Length")], body)

    @property
    def code(self):
        return int(self.status.split()[0])

    def encode(self):
        lines = [f"Status: {self.status}", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body

    def drop(self, *names):
        self.headers = [line for line in self.headers if line[0].lower() not in names]


def decode(values):
    """The pairs of a PARAMS stream; of several of one name the last, except cookies."""
    found, place = {}, 0
    while place < len(values):
        sizes = []
        for _ in range(2):
            size = values[place]
            width = 1 if size < 128 else 4
            if width == 4:
                size = struct.unpack("!I", values[place : place + 4])[0] & 0x7FFFFFFF
            sizes.append(size)
            place += width
        name = values[place : place + sizes[0]].decode("latin-1")
        value = values[place + sizes[0] : place + sum(sizes)].decode("latin-1")
        found[name] = f"{found[name]}; {value}" if name == "HTTP_COOKIE" and name in found else value
        place += sum(sizes)
    return found


class Meddler:
    """Stands at the address where nginx expects the workers, which have moved."""

    def __init__(self, stack, weakness):
        self.stack, self.weakness = stack, weakness

    def stand_before(self, address):
        """The workers' socket gets another name, under which they still listen; the meddler takes its place."""
        hidden = f"{address}.hidden"
        os.rename(address, hidden)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        os.chmod(address, 0o666)
        listener.listen(1024)
        threading.Thread(target=self.accept, args=(listener, hidden), daemon=True).start()
        return address

    def accept(self, listener, hidden):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self.serve, args=(sock, hidden), daemon=True).start()

    def serve(self, sock, hidden):
        with sock:
            try:
                while request := self.receive(sock):
                    output = self.answer(request, hidden)
                    end = fcgi.record(fcgi.END, struct.pack("!IB3x", 0, 0), request.number)
                    sock.sendall(fcgi.stream(fcgi.STDOUT, output, request.number) + end)
                    if not request.keep:
                        return
            except (OSError, EOFError, struct.error, IndexError, ValueError):
                return

    def receive(self, sock):
        connection = fcgi.Connection.__new__(fcgi.Connection)
        connection.socket = sock
        values, body, number, keep = b"", b"", 1, True
        try:
            while True:
                kind, request, content = connection.receive_record()
                if kind == fcgi.BEGIN:
                    number, keep = request, bool(content[2] & 1)
                elif kind == fcgi.PARAMS:
                    values += content
                elif kind == fcgi.STDIN:
                    body += content
                    if not content:
                        return Request(decode(values), body, number, keep)
        except EOFError:
            return None

    def answer(self, request, hidden):
        """What the weakness makes of the request, and of the worker's answer to it."""
        made = self.weakness.request(self.stack, request)
        if made is None:
            values = {name: value.encode("latin-1") for name, value in request.values.items()}
            with fcgi.Connection(hidden, 30) as connection:
                content = fcgi.stream(fcgi.PARAMS, fcgi.encode(values)) + fcgi.stream(fcgi.STDIN, request.body)
                connection.send(fcgi.begin(keep=False) + content)
                output = connection.receive().output
            made = Response.parse(output)
        self.weakness.response(self.stack, request, made)
        return made.encode()


def weaken(stack, weakness):
    """Gives a stack that runs, and each worker that it starts apart, a weakness."""
    meddler = Meddler(stack, weakness)
    meddler.stand_before(stack.worker_socket)
    # The one that runs has kept connections to the workers.
    end(stack.nginx)
    stack.start_nginx()
    weakness.start(stack)
    start = stack.worker

    @contextmanager
    def worker(*arguments, **named):
        with start(*arguments, **named) as (process, address):
            yield process, meddler.stand_before(address)

    stack.worker = worker
