"""The programs that are measured, each a small description of itself."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """A FastCGI responder, which has its listening socket as standard input."""

    name: str
    """What its files and its lines in the output are called."""
    title: str
    command: tuple
    """The words that start a process; `{database}` stands for the address of the database."""
    processes: int = 1
    keepalive: int = 64
    """How many idle connections each nginx process keeps to it; 0: each request has a connection of its own."""


def sessiond(program, workers):
    title = f"sessiond, {workers} worker{'s' * (workers > 1)}"
    return Peer(f"sessiond-{workers}", title, (program, "serve"), processes=workers)


def c_thread(program, threads):
    """A kept connection holds its thread until it is closed: connections are kept where all 64 find a thread."""
    command = (program, str(threads), "{database}")
    return Peer(f"c_thread-{threads}", f"C, {threads} threads", command, keepalive=64 if threads >= 64 else 0)


C_THREAD_SOURCE = Path(__file__).with_name("c_thread.c")
