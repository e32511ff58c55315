"""Rows that are damaged, and a clock that jumps."""

import random
import subprocess
import sys
import time
from pathlib import Path

from trial import Expected

from scenarios import scenario

HOUR = 3600

DAMAGE = (
    "session_data = left(session_data, length(session_data) / 2)",
    "session_data = overlay(session_data PLACING 'x' FROM length(session_data) / 2)",
    "session_data = ''",
    "session_data = repeat('x', 1000000)",
    "session_data = E'\\u00e9\\n:\\t;' || session_data",
    "session_data = '.' || session_data",
    "session_data = split_part(session_data, ':', 1) || ':' || split_part(session_data, ':', 2)",
    "expire_date = now() - interval '1 day'",
    "expire_date = 'infinity', session_data = 'x'",
)


@scenario
def rows_damaged(trial):
    """Rows are cut, changed, blown up and put out of date: their sessions end, and no other is touched."""
    site = trial.start()
    dice = random.Random(trial.seed)
    with trial.load() as clients:
        for damage in DAMAGE * 3:
            for key in dice.sample(clients.keys[-20:], 5):
                clients.note("end", key)
                site.sql(f"UPDATE django_session SET {damage} WHERE session_key = %s", [key])
            time.sleep(trial.seconds / 10)
    return Expected(failed=0, outage=2)


@scenario(needs=("gcc",))
def clock_stepped(trial):
    """The workers' clock is put on by an hour, back by two, and so on: nobody is logged out, nothing stalls."""
    site = trial.prepare()
    library, file = site.directory / "clock.so", site.directory / "clock"
    compiler = ["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC"]
    subprocess.run([*compiler, "-o", library, Path(__file__).parents[1] / "clock.c"], check=True)
    file.write_bytes(bytes(8))
    file.chmod(0o644)
    site.wrapper = ("env", f"LD_PRELOAD={library}", f"CLOCK_FILE={file}")
    site.start()
    with open(file, "r+b", buffering=0) as clock, trial.load():
        for seconds in (HOUR, -HOUR, HOUR, 0, -7 * 24 * HOUR, 0):
            clock.seek(0)
            clock.write(seconds.to_bytes(8, sys.byteorder, signed=True))
            trial.go_on()
    moved = {row[0] for row in site.sql("SELECT extract(epoch FROM max(expire_date) - min(expire_date)) > 3600 "
                                        "FROM django_session")}
    assert moved == {True}, "the clock did not move"
    return Expected(failed=0, outage=2)
