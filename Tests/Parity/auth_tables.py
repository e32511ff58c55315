"""Prints what Django's own migrations run to make `auth_user` and its neighbours, as one JSON array of statements.

    python auth_tables.py      with a libpq connection string in SESSIOND_TEST_DATABASE_URL
"""

import json
import os

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

given = conninfo_to_dict(os.environ["SESSIOND_TEST_DATABASE_URL"])
settings.configure(
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": given["dbname"], "USER": given["user"], "HOST": given["host"],
        }
    },
)
django.setup()

from django.db import connection  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

executor = MigrationExecutor(connection)
executor.loader.applied_migrations = {}
plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
statements = [text for text in executor.loader.collect_sql(plan) if not text.startswith("--")]
print(json.dumps(statements))
