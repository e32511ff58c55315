"""A real Django on the same table and key: the judge of what sessiond writes, and the writer of what it must read."""

import django
from django.conf import settings

from stack import SECRET_KEY


def use(stack):
    """Configures Django, once for a run of the tests, for the database of this stack."""
    if settings.configured:
        return move(stack.run)
    settings.configure(
        SECRET_KEY=SECRET_KEY,
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql", "NAME": "sessiond", "USER": "sessiond",
                "HOST": str(stack.run), "CONN_MAX_AGE": 0,
            }
        },
    )
    django.setup()


def move(host):
    """Lets Django go on with the database of another stack; gives where it was before."""
    from django.db import connections

    connections["default"].close()
    before = connections["default"].settings_dict["HOST"]
    connections["default"].settings_dict["HOST"] = str(host)
    return before


def migrate():
    """Makes the tables of Django's that sessiond does not make."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    connection.close()


def decoded(session_key):
    """What Django finds in a session; fails where there is no such row."""
    from django.contrib.sessions.models import Session
    from django.db import connection

    try:
        return Session.objects.get(pk=session_key).get_decoded()
    finally:
        connection.close()


def create(data, expiry=None):
    """Makes a session as a Django application does and returns its key."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import connection

    session = SessionStore()
    session.update(data)
    if expiry is not None:
        session.set_expiry(expiry)
    session.create()
    connection.close()
    return session.session_key


def signed(payload):
    """Any JSON value, or ready bytes, in the form of session_data with a good signature."""
    from django.core import signing

    class Ready:
        def dumps(self, value):
            return value

    salt = "django.contrib.sessions.SessionStore"
    if isinstance(payload, bytes):
        return signing.dumps(payload, salt=salt, serializer=Ready, compress=True)
    return signing.dumps(payload, salt=salt, compress=True)


# -- Users

PASSWORD = "correct horse"


def create_user(name):
    """Makes a user with the password above, or gives one that is there another hash of it; a cheap one."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.contrib.auth.models import User
    from django.db import connection

    hasher = PBKDF2PasswordHasher()
    User.objects.update_or_create(
        username=name, defaults={"password": hasher.encode(PASSWORD, hasher.salt(), iterations=1000)})
    connection.close()


def request_of(session_key=None):
    """What a view of Django's gets from who shows this session."""
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore(session_key)
    return request


def login(name):
    """Logs a user in as Django's view does, from an anonymous session, and returns the key of his session."""
    from django.contrib.auth import login as django_login
    from django.contrib.auth.models import User
    from django.db import connection

    request = request_of()
    request.session["basket"] = 1
    request.session.save()
    django_login(request, User.objects.get(username=name), "django.contrib.auth.backends.ModelBackend")
    request.session.save()
    connection.close()
    return request.session.session_key


def log_out(session_key):
    from django.contrib.auth import logout
    from django.db import connection

    logout(request_of(session_key))
    connection.close()


def user_of(session_key):
    """The name of the user whose session it is for Django; None for nobody."""
    from django.contrib.auth import get_user
    from django.db import connection

    user = get_user(request_of(session_key))
    connection.close()
    return user.username or None
