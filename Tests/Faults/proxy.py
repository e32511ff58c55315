"""A small proxy in front of PostgreSQL that delays, loses and cuts."""

import random
import socket
import threading
import time
from contextlib import suppress


class Proxy:
    """Passes on what comes to a port of 127.0.0.1. Its faults are attributes, and count from the next chunk on."""

    def __init__(self, target):
        self.target = target  # the path of a Unix socket
        self.delay = 0.0  # seconds, each way
        self.loss = 0.0  # which part of the chunks waits as if it had been sent again
        self.silent = False  # nothing is passed on, and nothing is closed
        self.deaf = False  # what the server says is not passed on
        self.is_open = True
        self.dice = random.Random(1)
        self.pairs = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if not self.is_open:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                server.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pairs.append((client, server))
            for words in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.pump, args=words, daemon=True).start()

    def pump(self, source, sink, is_answer):
        with suppress(OSError):
            while chunk := source.recv(65536):
                time.sleep(self.delay)
                if self.dice.random() < self.loss:
                    time.sleep(self.dice.uniform(0.3, 2))
                while self.silent or (is_answer and self.deaf):
                    if source.fileno() < 0:
                        return
                    time.sleep(0.02)
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Closes what is open; what was on its way is lost."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def refuse(self):
        self.is_open = False
        self.cut()

    def accept(self):
        self.is_open = True

    def close(self):
        self.listener.close()
        self.refuse()
