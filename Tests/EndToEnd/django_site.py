"""A small, real Django site on the tables that sessiond uses: its accounts, its login pages, and whatever an administrator
does to a user. Run as a program it serves on 127.0.0.1; the tests start it with `DjangoSite`, under any Python with a Django.

    python django_site.py PORT     with SITE_SETTINGS, a JSON object, in the environment
"""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

LOGIN = """<form method="post">{% csrf_token %}{{ form.non_field_errors }}{{ form.as_p }}
<input type="hidden" name="next" value="{{ next }}"></form>"""
ALGORITHMS = {
    "pbkdf2_sha256": "PBKDF2PasswordHasher", "pbkdf2_sha1": "PBKDF2SHA1PasswordHasher", "scrypt": "ScryptPasswordHasher",
    "argon2": "Argon2PasswordHasher", "bcrypt_sha256": "BCryptSHA256PasswordHasher", "bcrypt": "BCryptPasswordHasher",
}


# -- the program


def configure(settings, given):
    hashers = [f"django.contrib.auth.hashers.{name}" for name in ALGORITHMS.values()]
    settings.configure(
        **{
            "ALLOWED_HOSTS": ["127.0.0.1"],
            "DEBUG": False,
            "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
            "LOGIN_REDIRECT_URL": "/whoami/",
            "MIDDLEWARE": [
                "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
                "django.contrib.auth.middleware.AuthenticationMiddleware",
            ],
            "PASSWORD_HASHERS": hashers,
            "ROOT_URLCONF": __name__,
            "TEMPLATES": [
                {
                    "BACKEND": "django.template.backends.django.DjangoTemplates",
                    "OPTIONS": {
                        "loaders": [
                            (
                                "django.template.loaders.locmem.Loader",
                                {"registration/login.html": LOGIN, "registration/logged_out.html": "You are logged out."},
                            )
                        ]
                    },
                }
            ],
            "USE_TZ": True,
        }
        | given
    )


def whoami(request):
    """Who Django takes the visitor for."""
    from django.http import JsonResponse

    user = request.user
    return JsonResponse(
        {"authenticated": user.is_authenticated, "id": user.pk, "username": user.get_username(),
         "session": dict(request.session.items()), "key": request.session.session_key}
    )


def act(request):
    """What an administrator does, in Django's own code; the answer is what the action returns, as JSON."""
    from django.http import JsonResponse

    order = json.loads(request.body)
    return JsonResponse({"answer": ACTIONS[order.pop("action")](**order)})


def create(username, password, algorithm=None, **fields):
    """Without an algorithm the hash costs little, as those of long ago."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
    from django.contrib.auth.models import User

    hasher = PBKDF2PasswordHasher()
    encoded = make_password(password, hasher=algorithm) if algorithm else hasher.encode(password, hasher.salt(), 1000)
    return User.objects.create(username=username, password=encoded, **fields).pk


def change(username, **fields):
    from django.contrib.auth.models import User

    return User.objects.filter(username=username).update(**fields)


def set_password(username, password):
    from django.contrib.auth.models import User

    user = User.objects.get(username=username)
    user.set_password(password)
    user.save()


def get(username):
    from django.contrib.auth.models import User

    return {key: str(value) for key, value in User.objects.filter(username=username).values()[0].items()}


def delete(username):
    from django.contrib.auth.models import User

    return User.objects.get(username=username).delete()[0]


def log_in(username):
    """The key of a session that Django's own login made."""
    from django.contrib.auth import login
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    request = HttpRequest()
    request.session = SessionStore()
    login(request, User.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return request.session.session_key


def store_session(data):
    """The key of a new session with this data."""
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session.update(data)
    session.save()
    return session.session_key


ACTIONS = {f.__name__: f for f in (create, change, set_password, get, delete, log_in, store_session)}


def urls():
    from django.contrib.auth import views
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt

    return [
        path("whoami/", whoami), path("act/", csrf_exempt(act)), path("login/", views.LoginView.as_view()),
        path("logout/", views.LogoutView.as_view()),
        path("password/", views.PasswordChangeView.as_view(template_name="registration/login.html", success_url="/whoami/")),
    ]


def main(port):
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIServer, make_server

    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    # ROOT_URLCONF names this file, by whichever name it was loaded.
    sys.modules["django_site"] = sys.modules[__name__]
    configure(settings, json.loads(os.environ["SITE_SETTINGS"]))
    django.setup()
    call_command("migrate", verbosity=0)
    globals()["urlpatterns"] = urls()
    make_server("127.0.0.1", port, get_wsgi_application(), server_class=Server).serve_forever()


# -- the tests' side


class DjangoSite:
    """The site as a test sees it."""

    def __init__(self, port):
        self.port = port

    def browser(self, cookies):
        """A browser that shares its cookies with another one: they belong to a host, whatever the port."""
        from client import Browser

        return Browser(self.port, cookies)

    def whoami(self, cookies):
        return json.loads(self.browser(cookies).get("/whoami/").text)

    def act(self, action, **order):
        from client import request

        body = json.dumps({"action": action} | order).encode()
        response = request(self.port, "POST", "/act/", [("Content-Type", "application/json")], body, timeout=60)
        assert response.status == 200, response.text
        return json.loads(response.text)["answer"]

    def token(self, cookies):
        """A CSRF token of Django's login form."""
        from client import TOKEN

        return TOKEN.search(self.browser(cookies).get("/login/").text).group(1)

    def log_in(self, username, password, cookies):
        """By Django's login page; the cookies then hold the session."""
        fields = {"csrfmiddlewaretoken": self.token(cookies), "username": username, "password": password}
        response = self.browser(cookies).post("/login/", fields, timeout=60)
        assert response.status == 302, response.text
        return response

    def log_out(self, cookies):
        return self.browser(cookies).post("/logout/", {"csrfmiddlewaretoken": self.token(cookies)})


@contextmanager
def django_site(stack, python=sys.executable, **settings):
    """Starts the site on the stack's database, whose tables Django's own `migrate` makes."""
    from stack import SECRET_KEY, accepts, end, end_with_parent, free_port, wait_until

    port = free_port()
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": "sessiond", "USER": "sessiond", "HOST": str(stack.run)}
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASES": {"default": database}} | settings
    environment = os.environ | {"SITE_SETTINGS": json.dumps(settings), "PYTHONDONTWRITEBYTECODE": "1"}
    log = stack.directory / "log" / f"django-{port}.log"
    # As whoever runs the tests: the owner of the stack may not be able to read this checkout.
    with open(log, "ab") as output:
        command = [str(python), __file__, str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, preexec_fn=end_with_parent)
    try:
        wait_until(lambda: process.poll() is not None or accepts(("127.0.0.1", port)), 60, "the Django site")
        assert process.poll() is None, log.read_text()
        yield DjangoSite(port)
    finally:
        end(process)


if __name__ == "__main__":
    main(int(sys.argv[1]))
