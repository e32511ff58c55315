"""Where the sessions of both sides lie: looking into it, emptying it, and letting time pass over it."""

import os
import pickle

import psycopg
import redis


class Place:
    """One side's table, Redis database and directory."""

    def __init__(self, database, cache, directory):
        self.sql = psycopg.connect(database, autocommit=True)
        self.cache = redis.Redis.from_url(cache)
        self.directory = directory

    def clear(self):
        self.sql.execute("DELETE FROM django_session")
        self.cache.flushdb()
        for name in os.listdir(self.directory):
            os.unlink(self.directory / name)

    def pass_time(self, seconds):
        """Redis has no clock that could be set: what it keeps has less time left."""
        for key in self.cache.keys():
            left = self.cache.pttl(key)
            if left >= 0:
                self.cache.pexpire(key, max(left - int(seconds * 1000), 0))

    def stamp(self, now):
        """Files that were written by the machine's clock have been written by the script's."""
        for name in os.listdir(self.directory):
            path = self.directory / name
            if path.stat().st_mtime_ns // 1000 > LATEST:
                os.utime(path, ns=(now * 1000, now * 1000))

    def contents(self, engine):
        """What lies there, by kind and key."""
        found = {}
        if engine in ("db", "cached_db"):
            query = "SELECT session_key, session_data, extract(epoch FROM expire_date) * 1000000 FROM django_session"
            for key, data, expires in self.sql.execute(query):
                found["row", key] = (data, int(expires))
        if engine in ("cache", "cached_db"):
            names = self.cache.keys()
            pipe = self.cache.pipeline(transaction=False)
            for name in names:
                pipe.get(name).pttl(name)
            answers = iter(pipe.execute() if names else [])
            for name, value, left in zip(names, answers, answers):
                if value is None or left != -1 and left < 50:
                    # It ends at once.
                    self.cache.delete(name)
                elif (data := pickle.loads(value)) is not None:
                    prefix = "django.contrib.sessions." + engine
                    place, _, key = name.decode().partition(prefix)
                    found["cached", key] = (place, data, left)
        if engine == "file":
            for name in os.listdir(self.directory):
                path = self.directory / name
                prefix, key = (name[:-32], name[-32:]) if len(name) > 32 else ("", name)
                found["file", key] = (prefix, path.read_text(), oct(path.stat().st_mode))
        return found


# The year 2020, to which no script comes; microseconds since 1970-01-01 UTC.
LATEST = 1_577_836_800_000_000
