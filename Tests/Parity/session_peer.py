"""A real Django's sessions, driven by DjangoPeerTests.swift: an order a line, an answer a line, both JSON.

    python session_peer.py REDIS_URL DATABASE_URL DIRECTORY
"""

import importlib
import json
import pickle
import sys

import psycopg
from django.conf import settings

database = psycopg.conninfo.conninfo_to_dict(sys.argv[2])
settings.configure(
    SECRET_KEY="test-secret-key",
    USE_TZ=True,
    SESSION_FILE_PATH=sys.argv[3],
    INSTALLED_APPS=["django.contrib.sessions"],
    CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": sys.argv[1]}},
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database["dbname"],
            "USER": database.get("user", ""),
            "HOST": database.get("host", ""),
            "PORT": database.get("port", ""),
            "OPTIONS": {"options": database.get("options", "")},
        }
    },
)

import django  # noqa: E402  (needs the settings)

django.setup()

from django.contrib.sessions.backends.base import UpdateError  # noqa: E402


def store(order):
    module = importlib.import_module("django.contrib.sessions.backends." + order["engine"])
    return module.SessionStore(order.get("key"))


def create(order):
    session = store(order)
    session.update(pickle.loads(bytes.fromhex(order["pickle"])) if "pickle" in order else order["data"])
    session.save()
    return {"key": session.session_key}


def load(order):
    """The data, and whether it is what the pickle holds."""
    session = store(order)
    data = dict(session.items())
    if "pickle" in order:
        return {"key": session.session_key, "equal": data == pickle.loads(bytes.fromhex(order["pickle"]))}
    return {"key": session.session_key, "data": data}


def update(order):
    session = store(order)
    session.update(order["data"])
    try:
        session.save()
    except UpdateError:
        return {"gone": True}
    return {"gone": False}


def cycle(order):
    session = store(order)
    session.cycle_key()
    return {"key": session.session_key}


def flush(order):
    store(order).flush()
    return {}


def expire(order):
    """As a view that sets an expiry in the past."""
    session = store(order)
    session.set_expiry(-1)
    session.save()
    return {}


def rotate(order):
    settings.SECRET_KEY = order["secret"]
    settings.SECRET_KEY_FALLBACKS = order["fallbacks"]
    return {}


def main():
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(globals()[order["do"]](order)), flush=True)


if __name__ == "__main__":
    main()
