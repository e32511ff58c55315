"""A file behind the gate: beside the same file behind Django's own view, and without any."""

import shutil
import sys
from pathlib import Path
from statistics import median

import peers
from bench import SETTINGS
from django_accounts import Accounts
from stack import Stack, accepts, free_port, wait_until
from wrk import KEY_FILE, KEY_LENGTH, READ_SCRIPT, THREADS, Load, Wrk

TITLE = "a file behind the gate"
USERS = 500
GUNICORN_WORKERS = peers.KINDS["django-gunicorn"].size
WAYS = ("without a gate", "sessiond", "Django, gunicorn")
PATHS = dict(zip(WAYS, ("/open/page.html", "/files/page.html", "/django/page.html")))

LOCATIONS = """
    include sessiond_gate.conf;
    include sessiond_gate_example.conf;
    location /open/ { alias /srv/files/; add_header Cache-Control "private, no-cache"; }
    location = /verify-by-django {
        internal;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_pass http://127.0.0.1:DJANGO/session/verify;
    }
    location /django/ {
        auth_request     /verify-by-django;
        auth_request_set $sessiond_user $upstream_http_x_auth_user;
        alias            /srv/files/;
        add_header       Cache-Control "private, no-cache";
    }
"""


def seconds(plan):
    return 20 + plan.rounds * len(WAYS) * (plan.seconds + 1)


def run(plan):
    """One nginx, two workers as ever, and a session for each of many users."""
    stack = Stack(plan.bench.program, AUTHENTICATION="django")
    try:
        keys = start(stack)
        read = READ_SCRIPT.format(threads=THREADS, file=KEY_FILE, length=KEY_LENGTH)
        loads = {way: Load("gate", path, read, None, None, keys=keys) for way, path in PATHS.items()}
        rates = {way: [] for way in WAYS}
        for number in range(plan.rounds + 1):
            for way in WAYS if number % 2 else WAYS[::-1]:
                check(stack, way, keys)
                result = Wrk(plan.seconds if number else 1).run(loads[way], stack.port, stack.directory)
                assert not result.errors, f"{way}: {result.errors} errors in {result.requests} requests"
                if number:  # what came before was the warming up
                    rates[way].append(result.rate)
                    plan.say(f"round {number}/{plan.rounds}  {way:20}{result.rate:>9,.0f} requests/s  "
                             f"p50 {result.p50 / 1000:.2f} ms  p99 {result.p99 / 1000:.2f} ms")
    finally:
        stack.stop()
    figures = {
        "to_django": median(ours / its for ours, its in zip(rates["sessiond"], rates["Django, gunicorn"])),
        "share": median(ours / its for ours, its in zip(rates["sessiond"], rates["without a gate"])),
    }
    plan.figures.numbers["gate"] = figures
    plan.say(f"{figures['to_django']:.1f} times Django's view, {figures['share']:.2f} of what nginx does without a gate")


def start(stack):
    """Starts everything; gives the keys of the sessions, which Django made."""
    stack.own(stack.directory / "files")
    (stack.directory / "files/page.html").write_text("<!doctype html>\n" + "<p>A page.</p>\n" * 100)
    django_port = free_port()
    stack.locations = LOCATIONS.replace("DJANGO", str(django_port))
    stack.replacements = {"/srv/": f"{stack.directory}/"}
    stack.start_postgres()
    for setting in SETTINGS:
        stack.sql(f"ALTER SYSTEM SET {setting}")
    stack.stop_postgres()
    stack.start()
    accounts = Accounts(stack)
    accounts.migrate()
    keys = []
    for number in range(USERS):
        accounts.make_user(f"user{number}")
        keys.append(accounts.log_in(f"user{number}"))
    accounts.close()
    stack.sql("VACUUM ANALYZE")
    shutil.copytree(peers.HERE / "login_site", stack.directory / "login_site")
    command = (Path(sys.prefix) / "bin/gunicorn", "--bind", f"127.0.0.1:{django_port}", "--backlog", 4096, "--workers",
               GUNICORN_WORKERS, "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "login_site.wsgi")
    places = {"PYTHONPATH": str(stack.directory), "DJANGO_SETTINGS_MODULE": "login_site.gate_settings"}
    stack.workers.append(stack.spawn(*command, log="django.log", env=stack.environment(**places)))
    wait_until(lambda: accepts(("127.0.0.1", django_port)), what="gunicorn")
    return tuple(keys)


def check(stack, way, keys):
    """That a session opens the way, and that nothing else does."""
    for key in (keys[0], keys[-1]):
        page = stack.request("GET", PATHS[way], [("Cookie", f"sessionid={key}")])
        assert page.status == 200 and "A page." in page.text, f"{way}: status {page.status}"
    if way != "without a gate":
        page = stack.request("GET", PATHS[way], [("Cookie", "sessionid=" + "0" * 32)])
        assert page.status in (302, 401) and "A page." not in page.text, f"{way}: status {page.status} for a stranger"
