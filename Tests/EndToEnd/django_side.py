"""A real Django on the same table and key: the judge of what sessiond writes, and the writer of what it must read."""

import django
from django.conf import settings

from stack import SECRET_KEY


def use(stack):
    """Configures Django, once for a run of the tests, for the database of this stack."""
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
