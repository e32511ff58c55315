"""A real Django's session encoding at a fixed time, with the settings that the Swift tests use."""

from unittest import mock

from django.conf import settings
from django.core import signing

settings.configure(SECRET_KEY="test-secret-key", SECRET_KEY_FALLBACKS=[])

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402  (needs the settings)


def encode(data, time):
    """The session_data that Django writes for `data` at the Unix time `time`."""
    with mock.patch.object(signing.time, "time", return_value=time):
        return SessionStore().encode(data)


def decode(session_data):
    """The data that Django reads, or None where it raises an error."""
    try:
        return signing.loads(
            session_data,
            salt=SessionStore().key_salt,
            serializer=SessionStore().serializer,
        )
    except Exception:
        return None
