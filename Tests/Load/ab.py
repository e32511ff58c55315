"""ab, ApacheBench, which sends one request again and again over kept connections, from a single thread."""

import re
import subprocess
from dataclasses import dataclass

from wrk import CONNECTIONS, FORM_TYPE, Result


@dataclass(frozen=True)
class Ab:
    """One way of running ab."""

    requests: int
    connections: int = CONNECTIONS

    name = "ab"
    left_behind = 0  # ab sends as many requests as it was told to and waits for every answer

    def __str__(self):
        return f"ab -k -c{self.connections}"

    def run(self, load, port, directory):
        percentiles, body = directory / "ab.csv", directory / "ab.body"
        command = [*str(self).split(), "-q", "-n", str(self.requests), "-e", str(percentiles)]
        if load.body:
            body.write_text(load.body)
            command += ["-p", str(body), "-T", FORM_TYPE]
        for name, value in load.headers:
            if name != "Content-Type":
                command += ["-H", f"{name}: {value}"]
        command.append(f"http://127.0.0.1:{port}{load.path}")
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise RuntimeError(f"ab failed: {done.stderr.strip() or done.stdout.strip()}")

        def figure(label, missing=None):
            found = re.search(rf"^{label}:\s+([\d.]+)", done.stdout, re.MULTILINE)
            if found is None and missing is None:
                raise RuntimeError(f"ab does not say its '{label}'")
            return float(found.group(1)) if found else missing

        times = dict(line.split(",") for line in percentiles.read_text().splitlines()[1:])
        return Result(
            requests=int(figure("Complete requests")),
            microseconds=round(figure("Time taken for tests") * 1e6),
            bytes=int(figure("HTML transferred")),
            p50=round(float(times["50"]) * 1000),
            p99=round(float(times["99"]) * 1000),
            errors=int(figure("Failed requests") + figure("Non-2xx responses", 0) + figure("Write errors", 0)),
            kept=figure("Keep-Alive requests") / figure("Complete requests"),
        )

    @staticmethod
    def size(response):
        """What ab counts of an answer: its body."""
        return len(response.body)
