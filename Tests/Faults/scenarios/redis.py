"""Redis, for the engines that keep sessions there."""

import json
import os
import signal
import time

from stack import accepts, wait_until
from trial import Expected

from scenarios import scenario
from scenarios.postgres import AWAY, BACK, DEADLINE

BACKENDS = "django.contrib.sessions.backends."


def start_on_redis(trial, engine, *words):
    """Gives the site and what starts its Redis, which keeps its data where the words say so."""
    site = trial.prepare(SESSION_ENGINE=BACKENDS + engine)
    address = site.run / "redis.sock"
    cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": f"unix://{address}?db=1"}
    site.settings["CACHES"] = json.dumps({"default": cache})

    def start():
        options = ["--port", "0", "--unixsocket", address, "--save", "", "--dir", site.directory, *words]
        process = site.beside("redis-server", *options, log="redis.log")
        wait_until(lambda: accepts(str(address)), what="Redis")
        return process

    redis = start()
    return site.start(), redis, start


def kill(redis):
    redis.send_signal(signal.SIGKILL)
    redis.wait()


@scenario(needs=("redis-server",))
def redis_killed_under_cached_db(trial):
    """Redis is killed, away for a while, and comes back empty: the database decides, no session is lost or kept."""
    _, redis, start = start_on_redis(trial, "cached_db")
    with trial.load():
        for seconds in (0.2, DEADLINE + 2):
            kill(redis)
            time.sleep(seconds)
            redis = start()
            trial.go_on(0, within=BACK)
            trial.go_on()
    return Expected(AWAY)


@scenario(needs=("redis-server",))
def redis_frozen_under_cached_db(trial):
    """Redis answers nothing for longer than the deadline."""
    _, redis, _ = start_on_redis(trial, "cached_db")
    with trial.load():
        os.kill(redis.pid, signal.SIGSTOP)
        time.sleep(DEADLINE + 2)
        os.kill(redis.pid, signal.SIGCONT)
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario(needs=("redis-server",))
def postgres_stopped_under_cached_db(trial):
    """PostgreSQL is away for longer than the deadline while Redis has the sessions."""
    site, _, _ = start_on_redis(trial, "cached_db")
    with trial.load():
        site.stop_postgres()
        time.sleep(DEADLINE + 2)
        site.start_postgres()
        trial.go_on(0, within=BACK)
    return Expected(AWAY)


@scenario(needs=("redis-server",))
def redis_killed_under_cache(trial):
    """Redis, which writes each command to its log at once, is killed and started again."""
    trial.has_table = False
    _, redis, start = start_on_redis(trial, "cache", "--appendonly", "yes", "--appendfsync", "always")
    with trial.load():
        for seconds in (0.2, DEADLINE + 2):
            kill(redis)
            time.sleep(seconds)
            redis = start()
            trial.go_on(0, within=BACK)
            trial.go_on()
    return Expected(AWAY)
