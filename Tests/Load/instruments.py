"""A worker under strace, under callgrind and by itself, and what each of them counts."""

import re
import time
from pathlib import Path

import batches
from batches import Batches
from django_accounts import Accounts
from stack import Stack, wait_until

SESSIONS = 10_000
"""Rows of the table when a measurement begins."""

USERS = 64
"""Who come to the gate, each with a session that Django made."""

ALLOCATORS = {"malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc"}


class Instruments(Stack):
    """PostgreSQL, and one worker at a time, without nginx."""

    def __init__(self, program):
        # Each statement has a timer. None comes to its end within a run, however slow the machine is.
        super().__init__(program, DATABASE_TIMEOUT="300")
        self.settings["METRICS_DIRECTORY"] = str(self.run / "metrics")

    def start(self):
        # Debian 12's valgrind cannot read the debug information of Swift's compiler; names it finds without.
        stripped = self.directory / "run/sessiond"
        self.check("objcopy", "--strip-debug", self.program, stripped)
        self.program = stripped
        self.start_postgres()
        # Statements are asked for from another database, so that asking is not counted.
        self.sql("CREATE EXTENSION pg_stat_statements", database="postgres")
        self.sql("ALTER SYSTEM SET autovacuum = off")
        self.sql("SELECT pg_reload_conf()")
        migrated = self.sessiond("migrate")
        assert migrated.returncode == 0, migrated.stderr
        with self.worker() as (process, address), Batches(process, address, 1) as one:
            login = batches.login(one.exchange(batches.form())[0])
            one.exchange(login)
        self.sql("CREATE TEMP TABLE made AS SELECT md5(n::text), session_data, expire_date "
                 f"FROM django_session, generate_series(1, {SESSIONS}) AS n; "
                 "INSERT INTO django_session SELECT * FROM made")
        self.sql("VACUUM ANALYZE django_session")
        keys = [key for (key,) in self.sql("SELECT session_key FROM django_session ORDER BY session_key")]
        self.loads = [batches.form(), batches.session_read(keys), login, batches.gate(self.log_in_users())]
        return self

    def log_in_users(self):
        accounts = Accounts(self)
        accounts.migrate()
        for number in range(USERS):
            accounts.make_user(f"user{number}")
        keys = [accounts.log_in(f"user{number}") for number in range(USERS)]
        accounts.close()
        self.sql("VACUUM ANALYZE")
        return keys

    def run_batches(self, load, size, count, under=(), pause=0):
        """Runs a worker from its start to its end, with so many batches in between, and a pause in seconds behind them."""
        with self.worker(under=under, **load.settings) as (process, address):
            with Batches(process, address, size) as batch:
                for _ in range(count):
                    batch.exchange(load)
            time.sleep(pause)
            process.terminate()
            process.wait(20)

    # -- what is counted from a worker's start to its end

    def calls(self, load, size, count):
        """System calls, statements and commits."""
        summary = self.directory / "strace"
        summary.unlink(missing_ok=True)
        statements, commits = self.statistics()
        strace = ["strace", "-D", "-f", "-c", "--summary-columns=calls,name", "-o", summary]
        # What it asks the database at its start is asked by then.
        self.run_batches(load, size, count, under=strace, pause=0.3)
        wait_until(lambda: summary.exists() and summary.read_text().endswith("total\n"), what="strace's summary")
        total = int(summary.read_text().splitlines()[-1].split()[0])
        after = self.statistics()
        return {"system-calls": total, "statements": after[0] - statements, "commits": after[1] - commits}

    def statistics(self):
        """Statements and commits so far. A server process reports the last of its own when it ends."""
        def ask(statement):
            return self.sql(statement, database="postgres")[0][0]

        wait_until(lambda: ask("SELECT count(*) FROM pg_stat_activity WHERE datname = 'sessiond'") == 0,
                   what="the end of the worker's connections")
        statements = ask("SELECT coalesce(sum(calls), 0)::int FROM pg_stat_statements JOIN pg_database ON dbid = oid "
                         "WHERE datname = 'sessiond'")
        return statements, ask("SELECT xact_commit FROM pg_stat_database WHERE datname = 'sessiond'")

    def instructions(self, load, size, count):
        """Instructions in user space, and allocations."""
        profile = self.directory / "callgrind"
        self.run_batches(load, size, count,
                         under=["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}"])
        return read_profile(profile.read_text())

    # -- memory

    def memory(self, sizes):
        """KiB of a worker after batches of all loads: the most that it ever took up, and what is its own in the end.

        How much of its program's file is mapped differs from start to start, so that several workers are asked.
        """
        workers = [self.memory_of_one(sizes) for _ in range(5)]
        return {name: max(worker[name] for worker in workers) for name in workers[0]}

    def memory_of_one(self, sizes):
        usual = [load for load in self.loads if not load.settings]
        with self.worker() as (process, address):
            for size, count in sizes.items():
                with Batches(process, address, size) as batch:
                    for load in usual:
                        for _ in range(count):
                            batch.exchange(load)
            status = dict(re.findall(r"(\w+):\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text()))
        return {"peak-memory-KiB": int(status["VmHWM"]), "anonymous-memory-KiB": int(status["RssAnon"])}


def read_profile(text):
    """The sum of all instructions in callgrind's output, and of the calls to functions that allocate.

    A name stands in it once, with a number that stands for it from then on.
    """
    names, called, allocations, instructions = {}, None, 0, 0
    for line in text.splitlines():
        if match := re.match(r"c?fn=\((\d+)\)(?: (.*))?", line):
            number, name = match.groups()
            if name:
                names[number] = name
            if line.startswith("c"):
                called = names[number]
        elif line.startswith("calls=") and called in ALLOCATORS:
            allocations += int(line[6:].split()[0])
        elif line.startswith("summary: "):
            instructions = int(line.split()[1])
    assert instructions and allocations, "callgrind saw no instructions, or no allocator by its name"
    return {"instructions": instructions, "allocations": allocations}
