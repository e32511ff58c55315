"""A Django project with sessiond's pages and its secret key: either reads the sessions that the other made."""

import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "login_site.urls"
INSTALLED_APPS = ["django.contrib.sessions"]
USE_TZ = True

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

# sessiond's own templates, copied beside this project. The loader keeps them compiled, as it does without DEBUG.
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [Path(__file__).resolve().parents[1] / "Templates"],
    "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
}]

database = conninfo_to_dict(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database["dbname"],
        "USER": database["user"],
        "HOST": database["host"],
        "CONN_MAX_AGE": None,
    }
}
