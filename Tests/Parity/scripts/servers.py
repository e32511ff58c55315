"""A PostgreSQL and a Redis for the scripts, in a private directory, and a schema, a database and a directory for each
side."""

import subprocess
import tempfile
from pathlib import Path

import psycopg
import redis
from stack import Stack, end, end_with_parent, wait_until


class Servers:
    def __enter__(self):
        # In memory, because our files are synced to the disk.
        memory = Path("/dev/shm")
        self.directory = tempfile.TemporaryDirectory(prefix="sessiond-parity-", dir=memory if memory.is_dir() else None)
        self.stack = Stack("/bin/true")
        self.stack.start_postgres()
        self.redis_socket = Path(self.directory.name) / "redis.sock"
        self.redis = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.redis_socket, "--save", "", "--appendonly", "no",
             "--dir", self.directory.name, "--loglevel", "warning"],
            stdout=subprocess.DEVNULL, preexec_fn=end_with_parent)
        wait_until(self.redis_answers, what="Redis")
        return self

    def __exit__(self, *_):
        end(self.redis)
        self.stack.stop()
        self.directory.cleanup()

    def redis_answers(self):
        try:
            return redis.Redis.from_url(self.cache(0)).ping()
        except redis.ConnectionError:
            return False

    def database(self, side):
        """The address of a schema of that name. What is written need not survive the machine."""
        self.stack.sql(f"CREATE SCHEMA {side}")
        options = f"-csearch_path%3D{side}%20-csynchronous_commit%3Doff"
        return f"{self.stack.database_url()}&options={options}"

    def copy_table(self, source, target):
        """The table as Django's migration made it."""
        self.stack.sql(f"CREATE TABLE {target}.django_session (LIKE {source}.django_session INCLUDING ALL)")

    def cache(self, number):
        return f"unix://{self.redis_socket}?db={number}"

    def folder(self, side):
        folder = Path(self.directory.name) / side
        folder.mkdir()
        return folder
