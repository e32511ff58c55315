"""The steps of a script on a real Django's sessions, in this process."""

import datetime
import importlib
import sys
import types
import warnings

import psycopg
from django.conf import settings

SECRET_KEY = "test-secret-key"
TIME_ZONE = "America/New_York"
UTC = datetime.timezone.utc


class Clock:
    """Stands still until it is set; microseconds since 1970-01-01 UTC. Has the place of the module `time`."""

    now = 0

    def time(self):
        return self.now / 1_000_000

    def date(self, microseconds=None):
        """A moment as Django's `timezone.now()` gives it: aware, or naive and local without USE_TZ."""
        moment = datetime.datetime(1970, 1, 1, tzinfo=UTC) + datetime.timedelta(
            microseconds=self.now if microseconds is None else microseconds
        )
        return moment if settings.USE_TZ else moment.astimezone().replace(tzinfo=None)


clock = Clock()


def configure(database, redis, directory):
    """Once in a process; TZ is TIME_ZONE then."""
    parts = psycopg.conninfo.conninfo_to_dict(database)
    urls = types.ModuleType("parity_urls")
    urls.urlpatterns = []
    sys.modules["parity_urls"] = urls
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        TIME_ZONE=TIME_ZONE,
        USE_TZ=True,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="parity_urls",
        INSTALLED_APPS=["django.contrib.sessions"],
        SESSION_FILE_PATH=str(directory),
        LOGGING_CONFIG=None,
        CACHES={"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis}},
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts["dbname"],
                "USER": parts["user"],
                "HOST": parts["host"],
                "OPTIONS": {"options": parts["options"]},
            }
        },
    )
    import logging

    import django
    from django.core.management import call_command

    django.setup()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    call_command("migrate", verbosity=0)

    from django.contrib.sessions import middleware
    from django.core import signing
    from django.http import response
    from django.utils import timezone

    timezone.now = clock.date
    middleware.time = response.time = signing.time = clock


class DjangoPeer:
    """Executes one script after another; keys stand in its answers as they are."""

    def __init__(self):
        self.override = None
        self.sessions = {}

    def start(self, script):
        from django.test.utils import override_settings

        self.end()
        self.module = importlib.import_module("django.contrib.sessions.backends." + script["engine"])
        self.override = override_settings(SESSION_ENGINE=self.module.__name__, **script["settings"])
        self.override.enable()
        self.sessions = {}

    def end(self):
        if self.override:
            self.override.disable()
            self.override = None

    def run(self, step):
        """The outcome of a step whose keys are resolved."""
        clock.now = step["now"]
        match step["op"]:
            case "open":
                session = self.sessions[step["slot"]] = self.module.SessionStore(step["key"])
                return state(session)
            case "request":
                return self.respond(step)
            case _:
                return outcome(step, self.sessions[step["slot"]])

    def respond(self, step):
        from django.contrib.sessions.middleware import SessionMiddleware
        from django.core.handlers.exception import convert_exception_to_response
        from django.http import HttpResponse
        from django.test import RequestFactory

        cookie = {} if step["cookie"] is None else {"HTTP_COOKIE": step["cookie"].encode().decode("latin-1")}
        request = RequestFactory().get("/", **cookie)
        steps = []

        def view(request):
            for inner in step["view"]:
                is_request = inner["op"] == "request"
                steps.append(self.respond(inner) if is_request else outcome(inner, request.session))
            response = HttpResponse(status=step["status"])
            if step.get("vary"):
                response.headers["Vary"] = step["vary"]
            return response

        response = convert_exception_to_response(SessionMiddleware(view))(request)
        cookies = [cookie.OutputString() for cookie in response.cookies.values()]
        return state(request.session) | {
            "view": steps,
            "status": response.status_code,
            "cookies": cookies,
            "vary": response.headers.get("Vary"),
        }


def state(session):
    return {
        "key": session.session_key,
        "accessed": session.accessed,
        "modified": session.modified,
        "empty": session.is_empty(),
    }


def outcome(step, session):
    try:
        result = {"result": operate(step, session)}
    except Exception as error:
        result = {"raises": type(error).__name__}
    return result | state(session)


def operate(step, session):
    """One call; what it returns, dates in microseconds and ages as floats."""
    default = [step["default"]] if "default" in step else []
    match step["op"]:
        case "getitem":
            return session[step["name"]]
        case "get" | "pop":
            return getattr(session, step["op"])(step["name"], *default)
        case "set":
            session[step["name"]] = step["value"]
        case "del":
            del session[step["name"]]
        case "setdefault":
            return session.setdefault(step["name"], step["value"])
        case "has_key":
            assert session.has_key(step["name"]) == (step["name"] in session)
            return session.has_key(step["name"])
        case "update" | "encode":
            return getattr(session, step["op"])(step["value"])
        case "keys" | "values":
            return list(getattr(session, step["op"])())
        case "items":
            return dict(session.items())
        case "decode":
            return session.decode(step["text"])
        case "set_accessed":
            session.accessed = step["value"]
        case "set_modified":
            session.modified = step["value"]
        case "save":
            session.save(must_create=step["must_create"])
        case "delete":
            session.delete(step["key"])
        case "exists":
            return bool(session.exists(step["key"]))
        case "cycle_key_later":
            session.cycle_key()
        case "set_expiry":
            session.set_expiry(expiry_of(step["expiry"]))
        case "get_expiry_age":
            return float(session.get_expiry_age(**when(step)))
        case "get_expiry_date":
            date = session.get_expiry_date(**when(step))
            return round(date.timestamp() * 1_000_000) if date.tzinfo is None else microseconds(date)
        case method:
            return getattr(session, method)()


def microseconds(date):
    return (date - datetime.datetime(1970, 1, 1, tzinfo=UTC)) // datetime.timedelta(microseconds=1)


def when(step):
    more = {}
    if step.get("modification") is not None:
        more["modification"] = clock.date(step["modification"])
    if "expiry" in step:
        more["expiry"] = expiry_of(step["expiry"])
    return more


def expiry_of(expiry):
    """What `set_expiry` takes."""
    kind, number = expiry
    match kind:
        case "none":
            return None
        case "duration":
            return datetime.timedelta(microseconds=number)
        case "date":
            return clock.date(number)
        case _:
            return number
