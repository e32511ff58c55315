"""Interleaved rounds over all peers and loads, the check of every answer, and the table of what came out."""

from dataclasses import dataclass, field
from statistics import median

import wrk


class WrongAnswer(Exception):
    """A peer did not do what was counted; its figures mean nothing."""


@dataclass
class Comparison:
    """The results of each load and peer, one per round; the first peer's kind is what the others are compared to."""

    bench: object
    seconds: int
    progress: object = print
    results: dict = field(default_factory=dict)

    def run(self, rounds):
        self.loads = wrk.loads(self.bench)
        for peer in self.bench.peers:
            if peer.works:
                self.check(peer)
        for load in self.loads:
            for peer in self.bench.peers:
                self.measure(peer, load, 1)
        for number in range(rounds):
            # Whoever goes first in one round goes last in the next.
            order = self.bench.peers if number % 2 == 0 else self.bench.peers[::-1]
            for load in self.loads:
                for peer in order:
                    result = self.measure(peer, load, self.seconds)
                    self.results.setdefault((load.name, peer.name), []).append(result)
                    self.progress(f"round {number + 1}/{rounds}  {load.name:12}  {peer.title:24}"
                                  f"{result.rate:>9,.0f} requests/s")

    def check(self, peer):
        """That a peer looks into the table: it knows the session that it makes, until that has expired or is gone."""
        self.bench.port = self.bench.ports[peer.name]
        form, read, login = self.loads
        sample = login.sample()
        require(login.is_right(sample), f"{peer.title} answers a login with status {sample.status} and a wrong page")
        key = sample.cookie("sessionid").split(";")[0].split("=")[1]

        def check_page(load, state):
            response = self.bench.request("GET", wrk.FORM_PATH, [("Cookie", f"sessionid={key}")])
            require(load.is_right(response), f"{peer.title}: a wrong page for a session that {state}")

        check_page(read, "it has just made")
        self.bench.sql("UPDATE django_session SET expire_date = now() - interval '1 s' WHERE session_key = %s", [key])
        check_page(form, "has expired")
        self.bench.sql("DELETE FROM django_session WHERE session_key = %s", [key])
        check_page(form, "is gone")

    def measure(self, peer, load, seconds):
        """One run of wrk on the same table as every other.

        wrk reports errors but reads no bodies: a sample is looked at, and the bytes that wrk received say that all
        answers were of its size. Logins are counted in the table too. Each of wrk's connections may leave one behind
        whose answer came too late to be counted. Of a peer that does no work the page is not looked at, and it must
        leave the table alone.
        """
        self.bench.reset()
        self.bench.port = self.bench.ports[peer.name]
        sample = load.sample()
        is_right = load.is_right(sample) if peer.works else sample.status == 200
        require(is_right, f"{peer.title} answers {load.name} with status {sample.status} and a wrong page")
        before = self.bench.rows()
        result = wrk.run(load, self.bench.port, seconds, self.bench.directory)
        made = self.bench.rows() - before

        about = f"{peer.title}, {load.name}"
        require(result.errors == 0, f"{about}: wrk counted {result.errors} errors in {result.requests} requests; "
                                    f"nginx's log: {self.bench.last_error(peer)}")
        require(result.requests > 0, f"{about}: no request was answered")
        expected, size = size_on_wire(sample), result.bytes / result.requests
        require(abs(size - expected) < 0.1, f"{about}: {size:.2f} bytes an answer, not {expected}")
        rows = load.rows if peer.works else 0
        counted = rows * result.requests
        require(counted <= made <= counted + rows * wrk.CONNECTIONS, f"{about}: {counted} answers, {made} rows")
        return result

    # -- what came out

    def rate(self, load, peer):
        return median(result.rate for result in self.results[load.name, peer.name])

    def base(self, load):
        """The peer that the others are compared to: the best of the first one's kind under this load."""
        kind = self.bench.peers[0].kind
        return max((peer for peer in self.bench.peers if peer.kind == kind), key=lambda peer: self.rate(load, peer))

    def ratios(self, load, peer):
        """Each round's throughput over the base's in the same round."""
        base = self.results[load.name, self.base(load).name]
        return [mine.rate / theirs.rate for mine, theirs in zip(self.results[load.name, peer.name], base)]

    def reaches(self, floor, kind):
        """Whether every peer of this kind is at this ratio or above it in every load."""
        peers = [peer for peer in self.bench.peers if peer.kind == kind]
        return min(median(self.ratios(load, peer)) for load in self.loads for peer in peers) >= floor

    def table(self):
        """Medians of all rounds, with the least and the greatest."""
        head = f"{'requests/s':>11}{'least–greatest':>18}{'p50 ms':>8}{'p99 ms':>8}{'ratio':>7}{'its spread':>13}"
        lines = [" " * 26 + head]
        for load in self.loads:
            lines.append(load.name)
            for peer in self.bench.peers:
                lines.append(self.line(load, peer))
        if not all(peer.works for peer in self.bench.peers):
            lines.append("\n* one page for every request, no session and no row: a ceiling, counted by status and size")
        return "\n".join(lines)

    def line(self, load, peer):
        results, ratios = self.results[load.name, peer.name], self.ratios(load, peer)
        rates = [result.rate for result in results]
        p50, p99 = (median(values) / 1000 for values in zip(*((result.p50, result.p99) for result in results)))
        return (f"  {peer.title:24}{median(rates):>11,.0f}{spread(rates, ',.0f'):>18}{p50:>8.2f}{p99:>8.2f}"
                f"{median(ratios):>7.2f}{spread(ratios, '.2f'):>13}")


def spread(values, form):
    return f"{min(values):{form}}–{max(values):{form}}"


def size_on_wire(response):
    """How many bytes this response takes on a kept connection such as wrk's; the sample's own was closed after it."""
    head = sum(len(name) + len(value) + 4 for name, value in response.headers)
    head += len("keep-alive") - len(response.header("Connection"))
    body = len(response.body)
    if response.header("Transfer-Encoding") == "chunked":
        body += len(f"{body:x}\r\n" "\r\n" "0\r\n\r\n")
    return len("HTTP/1.1 200 OK\r\n\r\n") + head + body


def require(condition, message):
    if not condition:
        raise WrongAnswer(message)
