"""The FastCGI protocol by hand: records to build, break and send in pieces, and responses to read back."""

import socket
import struct
from dataclasses import dataclass, field

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = range(1, 12)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
REQUEST_COMPLETE, CANT_MPX_CONN, OVERLOADED, UNKNOWN_ROLE = range(4)
HEADER = struct.Struct("!BBHHBx")


def record(kind, content=b"", request_id=1, padding=0, version=1):
    return HEADER.pack(version, kind, request_id, len(content), padding) + content + bytes(padding)


def begin(request_id=1, role=RESPONDER, keep=True):
    return record(BEGIN, struct.pack("!HB5x", role, keep), request_id)


def length(number):
    return struct.pack("!B", number) if number < 128 else struct.pack("!I", number | 0x80000000)


def pair(name, value):
    name, value = (text if isinstance(text, bytes) else text.encode() for text in (name, value))
    return length(len(name)) + length(len(value)) + name + value


def stream(kind, content, request_id=1, chunk=32000):
    """A stream's records, with the empty one that ends it."""
    pieces = [content[start : start + chunk] for start in range(0, len(content), chunk)]
    return b"".join(record(kind, piece, request_id) for piece in [*pieces, b""])


def parameters(method="GET", path="/myapp/connection/", body=b"", **others):
    path, _, query = path.partition("?")
    values = {
        "REQUEST_METHOD": method,
        "REQUEST_URI": path,
        "DOCUMENT_URI": path,
        "SCRIPT_NAME": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
    }
    if body or method == "POST":
        values |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    return values | others


def encode(values):
    pairs = values.items() if isinstance(values, dict) else values
    return b"".join(pair(name, value) for name, value in pairs)


def compose(method="GET", path="/myapp/connection/", body=b"", request_id=1, keep=True, **others):
    """The bytes of one whole request."""
    values = encode(parameters(method, path, body, **others))
    return begin(request_id, keep=keep) + stream(PARAMS, values, request_id) + stream(STDIN, body, request_id)


@dataclass
class Answer:
    """What came back for one request: standard output, and the two fields of END_REQUEST if it was reached."""

    output: bytes = b""
    errors: bytes = b""
    app_status: int | None = None
    protocol_status: int | None = None
    others: list = field(default_factory=list)

    @property
    def ended(self):
        return self.protocol_status is not None

    @property
    def headers(self):
        head = self.output.partition(b"\r\n\r\n")[0].decode()
        return [tuple(line.split(": ", 1)) for line in head.split("\r\n")]

    @property
    def status(self):
        return int(dict(self.headers).get("Status", "200 OK").split()[0])

    @property
    def body(self):
        return self.output.partition(b"\r\n\r\n")[2]


class Connection:
    def __init__(self, address, timeout=15):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive_exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError("the worker closed the connection")
            data += piece
        return data

    def receive_record(self):
        _, kind, request_id, size, padding = HEADER.unpack(self.receive_exactly(8))
        return kind, request_id, self.receive_exactly(size + padding)[:size]

    def receive(self):
        """The answer to one request; it is not `ended` where the worker closed the connection first."""
        answer = Answer()
        try:
            while not answer.ended:
                kind, _, content = self.receive_record()
                if kind == STDOUT:
                    answer.output += content
                elif kind == STDERR:
                    answer.errors += content
                elif kind == END:
                    answer.app_status, answer.protocol_status = struct.unpack("!IB3x", content)
                else:
                    answer.others.append((kind, content))
        except (EOFError, ConnectionResetError):
            pass
        return answer

    def exchange(self, *arguments, **named):
        self.send(compose(*arguments, **named))
        return self.receive()

    def is_closed(self):
        """Waits for the worker to close the connection; False when it stays open until the time-out."""
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def receive_until_quiet(self):
        """All bytes that still come, until the worker closes the connection or is silent for the time-out."""
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except (ConnectionResetError, TimeoutError):
            pass
        return data
