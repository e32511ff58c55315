"""Clients that log in, read, write and log out, and remember what was acknowledged."""

import http.client
import random
import re
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlencode

from client import FORM_TYPE
from history import CUT, Event

FORM, LOGIN, LOGOUT = "/myapp/connection/", "/myapp/login/", "/myapp/logout/"
SECRET = "c" * 32  # a CSRF token that the client made itself, as Django's rules allow
SHOWN = re.compile(r"You are : <strong>([^<]*)</strong>")
PAUSE = 0.01  # between two requests of one client: the load is to be steady, not high


class Clients:
    """Threads that each play one visitor after the other. `site` gives the port and whether logins can be asked for."""

    def __init__(self, site, count=6, seed=1, timeout=25):
        self.site = site
        self.timeout = timeout
        self.events = []
        self.keys = []  # all that were given out
        self.stopping = threading.Event()
        self.crashes = []
        self.seeds = [random.Random(f"{seed} {number}") for number in range(count)]
        self.threads = [
            threading.Thread(target=self.live, args=(f"c{number}", dice), daemon=True)
            for number, dice in enumerate(self.seeds)
        ]

    # -- requests

    def login(self, user, key=None):
        body = urlencode({"csrfmiddlewaretoken": SECRET, "username": user, "password": "x"}).encode()
        return self.ask("login", "POST", LOGIN, key, body, user=user)

    def read(self, key):
        return self.ask("read", "GET", FORM, key)

    def logout(self, key):
        if self.site.accounts:
            return self.ask("logout", "POST", LOGOUT, key, urlencode({"csrfmiddlewaretoken": SECRET}).encode())
        return self.ask("logout", "GET", LOGOUT, key)

    def ask(self, action, method, path, key, body=None, user=None):
        """One request on a connection of its own, so that what comes of it is the server's doing."""
        cookies = f"csrftoken={SECRET}" + (f"; sessionid={key}" if key else "")
        headers = {"Cookie": cookies, "Connection": "close"} | ({"Content-Type": FORM_TYPE} if body else {})
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=self.timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            event = Event(action, start, time.monotonic(), CUT, key=key, user=user)
        else:
            event = event_of(response, text, action, start, key, user)
        finally:
            connection.close()
        if event.new_key:
            self.keys.append(event.new_key)
        self.events.append(event)
        return event

    def note(self, action, key=None):
        """Notes that from now on a session may begin, or may end, by other means than these clients."""
        now = time.monotonic()
        self.events.append(Event(action, now, now, CUT, key=key))

    # -- a visitor's life

    def live(self, name, dice):
        try:
            key, logins = None, 0
            while not self.stopping.is_set():
                what = dice.random()
                if key is None or what < 0.15:
                    # Now and then over a live session, and now and then with another browser, which leaves it.
                    sent = None if what < 0.05 else key
                    logins += 1
                    event = self.login(f"{name}-{logins}", sent)
                    key = event.new_key or key
                elif what < 0.27:
                    if self.logout(key).is_done:
                        key = None
                elif what < 0.45 and self.keys:
                    # Anybody's, ended or not, whatever its owner does with it at this moment.
                    self.read(dice.choice(self.keys[-40:]))
                else:
                    event = self.read(key)
                    if event.is_done and event.shown is None:
                        key = None
                time.sleep(PAUSE)
        except Exception as error:  # noqa: BLE001 - a client that dies must not pass for one that is content
            self.crashes.append(repr(error))

    @contextmanager
    def at_work(self):
        for thread in self.threads:
            thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            for thread in self.threads:
                thread.join(self.timeout + 10)
        assert not self.crashes, self.crashes[0]

    def done(self, action):
        return sum(event.action == action and event.status == 200 for event in self.events)

    def seen(self, *statuses):
        return sum(event.status in statuses for event in self.events)


def event_of(response, text, action, start, key, user):
    status = response.status
    cookie = next((value for name, value in response.getheaders()
                   if name.lower() == "set-cookie" and value.startswith("sessionid=")), None)
    value = cookie.split(";")[0].partition("=")[2].strip('"') if cookie else ""
    page = SHOWN.search(text)
    shown = page.group(1) if page and status == 200 else None
    if action == "login" and status == 302:  # how a user of Django's is told that he is logged in
        status, shown = 200, user
    oddity = None
    if status != 200 and cookie:
        oddity = "the cookie of the session was touched"
    elif status in (502, 503, 504) and not response.getheader("Retry-After"):
        oddity = "no Retry-After"
    elif action == "login" and status == 200 and (shown != user or not value):
        oddity = "the page of a login is not that of who logged in, or has no cookie"
    elif action == "read" and status == 200 and shown is None and 'type="password"' not in text:
        oddity = "neither a form nor somebody's page"
    elif action == "logout" and status == 200 and "You are logged out." not in text:
        oddity = "the page of a logout does not say goodbye"
    elif action == "read" and status == 200 and shown is not None and cookie and value != key:
        oddity = "a read changed the key"
    new_key = value if action == "login" and status == 200 else None
    return Event(action, start, time.monotonic(), status, key, new_key or None, user, shown, oddity)
