"""A real Django with accounts, in a process of its own, beside a sessiond of any stack.

As a program it is that Django: it reads a call from each line and prints what it returns, both as JSON. `Accounts` is the
tests' side of it.
"""

import json
import subprocess
import sys
from pathlib import Path


class Accounts:
    """The calls below, as methods."""

    def __init__(self, stack, **settings):
        from stack import SECRET_KEY

        values = {"SECRET_KEY": SECRET_KEY, "host": str(stack.run)} | settings
        command = [sys.executable, str(Path(__file__)), json.dumps(values)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __getattr__(self, name):
        def call(*arguments, **named):
            self.process.stdin.write(json.dumps([name, arguments, named]) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
            assert "error" not in answer, answer["error"]
            return answer["value"]

        return call

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def configure(values):
    import django
    from django.conf import settings

    engine = {
        "ENGINE": "django.db.backends.postgresql", "NAME": "sessiond", "USER": "sessiond", "HOST": values.pop("host"),
        "PORT": values.pop("port", ""),
    }
    defaults = {
        "USE_TZ": True,
        "ALLOWED_HOSTS": ["testserver"],
        "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        "MIDDLEWARE": [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        # The first one, which is quick, is for accounts that log in with Django's force_login.
        "PASSWORD_HASHERS": [
            "django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        ],
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "ROOT_URLCONF": __name__,
        "DATABASES": {"default": engine},
    }
    settings.configure(**(defaults | values))
    django.setup()
    global urlpatterns
    from django.contrib.auth.views import LogoutView
    from django.http import JsonResponse
    from django.urls import path

    def who(request):
        return JsonResponse({"username": request.user.get_username()})

    urlpatterns = [path("who/", who), path("logout/", LogoutView.as_view(next_page="/who/"))]


# -- the calls


def migrate():
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def user(username):
    from django.contrib.auth.models import User

    return User.objects.get(username=username)


def make_user(username, groups=(), permissions=(), **flags):
    from django.contrib.auth.models import User

    made = User.objects.create_user(username, password="correct horse", **flags)
    for name in groups:
        join(username, name)
    for name in permissions:
        made.user_permissions.add(permission(name))
    return made.pk


def change_user(username, **values):
    from django.contrib.auth.models import User

    User.objects.filter(username=username).update(**values)


def delete_user(username):
    user(username).delete()


def set_password(username, password, hasher="default"):
    from django.contrib.auth.hashers import make_password

    changed = user(username)
    changed.password = make_password(password, hasher=hasher)
    changed.save()


def join(username, group):
    from django.contrib.auth.models import Group

    user(username).groups.add(Group.objects.get_or_create(name=group)[0])


def leave(username, group):
    user(username).groups.remove(user(username).groups.get(name=group))


def permission(name):
    from django.contrib.auth.models import Permission

    app, code = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=code)


def allow_group(group, name):
    from django.contrib.auth.models import Group

    Group.objects.get_or_create(name=group)[0].permissions.add(permission(name))


def forbid_group(group, name):
    from django.contrib.auth.models import Group

    Group.objects.get(name=group).permissions.remove(permission(name))


def has_permission(username, name):
    return user(username).has_perm(name)


def client(session_key=None):
    from django.test import Client

    made = Client()
    if session_key:
        made.cookies["sessionid"] = session_key
    return made


def log_in(username, **values):
    """A session as `django.contrib.auth.login` makes it; further values in it are for a session with other content."""
    visitor = client()
    visitor.force_login(user(username))
    if values:
        session = visitor.session
        session.update(values)
        session.save()
    return visitor.cookies["sessionid"].value


def log_out(session_key):
    client(session_key).post("/logout/")


def who_is(session_key):
    """Whom Django takes the visitor for; empty for nobody."""
    return client(session_key).get("/who/").json()["username"]


def main():
    configure(json.loads(sys.argv[1]))
    from django.db import connection

    for line in sys.stdin:
        name, arguments, named = json.loads(line)
        try:
            answer = {"value": globals()[name](*arguments, **named)}
        except Exception as error:  # the tests' side fails with it
            answer = {"error": f"{type(error).__name__}: {error}"}
        finally:
            connection.close()
        if name == "user":
            answer = {"value": answer["value"].pk}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
