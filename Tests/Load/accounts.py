"""A sessiond that asks for the passwords of Django's users, and the users: what the steps about logins share."""

import dataclasses
import socket
import subprocess
import sys
import time

import wrk
from client import FORM_TYPE, compose, exchange
from measure import require

USERS = 1000
PASSWORD = "correct horse"

DJANGO = """
import sys
import django
from django.conf import settings

host, users, password = sys.argv[1], int(sys.argv[2]), sys.argv[3]
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": "sessiond", "USER": "sessiond", "HOST": host}})
django.setup()
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import call_command

call_command("migrate", verbosity=0)
encoded = make_password(password)
User.objects.bulk_create(User(username=f"user{number:04}", password=encoded) for number in range(users))
"""


def start(bench, sessiond, workers):
    """Adds a peer of so many workers; Django makes its tables and the users, whose hashes are of its default."""
    if not bench.sql("SELECT to_regclass('auth_user')")[0][0]:
        subprocess.run([sys.executable, "-c", DJANGO, bench.run, str(USERS), PASSWORD], check=True)
    # Everybody comes from one address here, and guesses.
    environment = {**sessiond.environment, "AUTHENTICATION": "django", "LOGIN_LIMIT_ACCOUNT": "None",
                   "LOGIN_LIMIT_ADDRESS": "None"}
    name = f"accounts-{workers}"
    peer = dataclasses.replace(sessiond, name=name, title=f"with accounts, {workers}", processes=workers,
                               environment=environment)
    bench.add(peer)
    return peer


class LoginForm:
    """Sends the login form on a kept connection, and looks at the answers."""

    def __init__(self, bench, peer):
        self.port = bench.port = bench.ports[peer.name]
        visitor = bench.browser()
        self.token, self.secret = visitor.token(), visitor.cookies["csrftoken"]
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def fail(self, username):
        """Seconds until a wrong password was refused, and the length of the page."""
        body = f"csrfmiddlewaretoken={self.token}&username={username}&password=wrong+horse".encode()
        headers = [("Host", f"127.0.0.1:{self.port}"), ("Content-Type", FORM_TYPE),
                   ("Cookie", f"csrftoken={self.secret}")]
        raw = compose("POST", wrk.LOGIN_PATH, headers, body)
        start = time.perf_counter()
        response = exchange(self.socket, raw, "POST")
        seconds = time.perf_counter() - start
        require(response.is_form, f"a wrong password is answered with status {response.status}")
        return seconds, len(response.body)

    def close(self):
        self.socket.close()
