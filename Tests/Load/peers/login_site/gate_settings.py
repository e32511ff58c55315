"""The project with accounts, and what answers nginx's auth_request as quickly as Django can: no middleware beside these."""

from login_site.settings import *  # noqa: F403

ROOT_URLCONF = "login_site.gate_urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
