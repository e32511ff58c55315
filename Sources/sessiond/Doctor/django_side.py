"""The Django side of `sessiond doctor`: run by the project's Python, it answers one JSON request on each line.

Secrets are told as keyed hashes alone. What the project prints goes to standard error, which nobody reads.
"""

import hashlib
import hmac
import json
import os
import sys
import time
import traceback

answers = os.fdopen(os.dup(1), "w", encoding="ascii")
os.dup2(2, 1)
secrets = []


def bytes_of(secret):
    return secret if isinstance(secret, bytes) else str(secret).encode()


def configure(request):
    """Loads the project's settings, or makes settings of the worker's own."""
    os.chdir(request["project"])
    sys.path.insert(0, os.getcwd())
    from django.conf import settings

    if request["settings"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = request["settings"]
    else:
        values = request["values"]
        settings.configure(
            INSTALLED_APPS=["django.contrib.sessions"],
            MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"],
            DATABASES={"default": database(request["database"])},
            **{name: value for name, value in values.items() if name != "CACHES" or value},
        )
        os.environ["TZ"] = settings.TIME_ZONE  # as Django does for a settings module
        time.tzset()
    secrets.extend([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])
    secrets.extend(database.get("PASSWORD") for database in settings.DATABASES.values())
    secrets.extend(str(cache.get("LOCATION")) for cache in settings.CACHES.values())

    import django

    django.setup()


def database(text):
    """Django's form of a libpq connection string."""
    try:
        from psycopg.conninfo import conninfo_to_dict as parse
    except ImportError:
        from psycopg2.extensions import parse_dsn as parse
    options = parse(text)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    values = {name: str(options.pop(option)) for name, option in names.items() if option in options}
    values.setdefault("NAME", os.environ.get("PGDATABASE") or values.get("USER") or os.environ.get("PGUSER") or "")
    return {"ENGINE": "django.db.backends.postgresql", "OPTIONS": options} | values


def engine():
    from importlib import import_module

    from django.conf import settings

    return import_module(settings.SESSION_ENGINE).SessionStore


def base_engine(store):
    """The engine of Django's own that the project's is made from."""
    for ancestor in store.__mro__:
        module = ancestor.__module__
        if module.startswith("django.contrib.sessions.backends.") and module != "django.contrib.sessions.backends.base":
            return module
    return None


def facts(request):
    """Everything that a worker and this project must agree on."""
    import django
    from django.conf import settings

    def digest(secret):
        return hmac.new(request["nonce"].encode(), bytes_of(secret), hashlib.sha256).hexdigest()

    store = engine()
    names = [
        "SESSION_ENGINE", "SESSION_SERIALIZER", "SESSION_CACHE_ALIAS", "SESSION_COOKIE_NAME", "SESSION_COOKIE_DOMAIN",
        "SESSION_COOKIE_PATH", "SESSION_COOKIE_AGE", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE", "SESSION_SAVE_EVERY_REQUEST", "SESSION_EXPIRE_AT_BROWSER_CLOSE", "CSRF_COOKIE_NAME",
        "CSRF_USE_SESSIONS", "USE_TZ", "TIME_ZONE",
    ]
    found = {name: getattr(settings, name) for name in names}
    found["SESSION_FILE_PATH"] = settings.SESSION_FILE_PATH and str(settings.SESSION_FILE_PATH)
    return found | {
        "django": django.get_version(),
        "key": digest(settings.SECRET_KEY),
        "fallbacks": [digest(key) for key in settings.SECRET_KEY_FALLBACKS],
        "salt": store().key_salt,
        "base_engine": base_engine(store),
        "table": table(store),
        "cache": cache(settings.CACHES.get(settings.SESSION_CACHE_ALIAS, {})),
        "hasher": hasher(),
        "middleware": any(name.endswith("SessionMiddleware") for name in settings.MIDDLEWARE),
    }


def table(store):
    """The table that the engine keeps sessions in, None for an engine without one."""
    model = getattr(store, "get_model_class", None)
    return model()._meta.db_table if model else None


def cache(entry):
    """What decides where sessions lie in a cache."""
    found = {"BACKEND": entry.get("BACKEND"), "KEY_PREFIX": entry.get("KEY_PREFIX", ""), "VERSION": entry.get("VERSION", 1)}
    return found | {"KEY_FUNCTION": str(entry["KEY_FUNCTION"])} if entry.get("KEY_FUNCTION") else found


def hasher():
    from django.contrib.auth.hashers import get_hasher

    default = get_hasher()
    iterations = getattr(default, "iterations", None)
    return default.algorithm + (f", {iterations} iterations" if iterations else "")


def read(request):
    return {"data": dict(engine()(request["key"]).items())}


def write(request):
    session = engine()(request["key"])
    session.update(request["data"])
    session.save()
    return {"key": session.session_key}


def describe(error):
    """What went wrong, in words that hold no secret: the text of an error of the project's own may quote anything."""
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.db import Error as DatabaseError

        known = (ImportError, ImproperlyConfigured, DatabaseError)
    except ImportError:
        known = ImportError
    name = type(error).__name__
    if not isinstance(error, known):
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{name} in {place.filename}:{place.lineno}"
    text = " ".join(str(error).split())
    for secret in filter(None, secrets):
        text = text.replace(bytes_of(secret).decode(errors="replace"), "…")
    return f"{name}: {text}"


def main():
    for line in sys.stdin:
        request = json.loads(line)
        do = {"configure": configure, "facts": facts, "read": read, "write": write}[request["do"]]
        try:
            answer = do(request) or {}
        except BaseException as error:  # a project may do anything, sys.exit() included
            answer = {"error": describe(error)}
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


main()
