"""The site with real accounts: Django's users, made by Django, on the database of the demonstration."""

import unicodedata
from functools import cache
from hashlib import sha256

import django_side
from stack import Stack
from website import FORM, Site

PASSWORD = "correct horse"


class Beside(Stack):
    """nginx and workers of their own on another stack's database."""

    def __init__(self, program, other, **settings):
        super().__init__(program, **settings)
        self.other = other

    def database_url(self, database="sessiond"):
        return self.other.database_url(database)

    def start(self):
        self.start_workers(self.worker_count)
        self.start_nginx()
        return self


def account(username, password=PASSWORD, iterations=1000, **others):
    """The user of that name, made or changed to this. The password takes little time: most cases need many logins."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.contrib.auth.models import User
    from django.db import connection

    # The same password gives the same hash each time, and so keeps the sessions that there are.
    salt = sha256(username.encode()).hexdigest()[:22]
    encoded = PBKDF2PasswordHasher().encode(password, salt, iterations)
    values = {"password": encoded, "is_active": True, "is_staff": False, "is_superuser": False} | others
    user, _ = User.objects.update_or_create(username=username, defaults=values)
    connection.close()
    return user


@cache
def known_account(username):
    return account(username)


def claim(user):
    """What Django stores in the session of someone who is logged in."""
    return {
        "_auth_user_id": str(user.pk), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": user.get_session_auth_hash(),
    }


class AccountSite(Site):
    mode = "django"
    get_logs_out = False

    def fields(self, username, password=None):
        name = unicodedata.normalize("NFKC", username.strip())
        if 0 < len(name) <= 150 and "\0" not in name:
            known_account(name)
        return {"username": username, "password": password or PASSWORD}

    def let_in(self, page):
        return page.status == 302 and page.cookie("sessionid") is not None

    def session(self, username, **data):
        user = known_account(username)
        return django_side.create(data | claim(user) | {"username": username})

    def refuses(self, browser, username, password, headers=()):
        """The page that a login with these gets, which must not let anyone in."""
        fields = {"csrfmiddlewaretoken": browser.token(), "username": username, "password": password}
        page = browser.post("/myapp/login/", fields, headers)
        assert page.cookie("sessionid") is None and browser.session_key is None
        return page

    def is_stranger(self, key):
        return self.request("GET", FORM, [("Cookie", f"sessionid={key}")]).is_form
