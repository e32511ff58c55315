"""Hours of nothing special."""

import statistics
import time
from pathlib import Path

from trial import Expected, Skipped

from scenarios import scenario
from scenarios.limits import descriptors


def resident(pid):
    """Mebibytes."""
    words = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(words.split()[1]) / 1024


def figures(site):
    """Of the workers together: memory, descriptors, threads."""
    pids = site.worker_pids()
    return (sum(map(resident, pids)), sum(map(descriptors, pids)),
            sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids))


@scenario
def soak(trial):
    """Load for as long as --soak says: memory, descriptors and threads are at its end what they were early on."""
    if trial.accounts:
        raise Skipped("there are not that many users")
    site = trial.start()
    workers, samples = site.worker_pids(), []
    end = time.monotonic() + 60 * trial.minutes
    with trial.load():
        while time.monotonic() < end:
            samples.append(figures(site))
            time.sleep(max(trial.minutes / 10, 0.2))
    part = max(len(samples) // 10, 1)
    early, late = samples[part: 2 * part], samples[-part:]
    (memory, files, threads), after = (tuple(map(statistics.median, zip(*some))) for some in (early, late))
    trial.notes.append(f"two workers after a tenth of {trial.minutes:g} min and at its end: "
                       f"{memory:.1f} and {after[0]:.1f} MiB, {files:g} and {after[1]:g} descriptors, "
                       f"{threads:g} and {after[2]:g} threads")
    assert site.worker_pids() == workers, "a worker died"
    assert after[0] < 1.1 * memory + 2, trial.notes[-1]
    assert after[1] <= files + 8 and after[2] <= threads, trial.notes[-1]
    return Expected(failed=0, outage=2)
