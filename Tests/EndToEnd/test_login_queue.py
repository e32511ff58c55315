"""More logins at once than may wait for their password's hash: the others are told to come back, and nobody else notices."""

import time
from contextlib import ExitStack
from statistics import median
from urllib.parse import urlencode

import django_side
import pytest
from client import TOKEN
from fcgi import compose


LOGINS = 10
ENCODED = f"pbkdf2_sha256$2000000$salt${'A' * 43}="
"""A third of a second's work, whatever the hashers of other tests' users are."""


@pytest.fixture
def worker(stack):
    """Hashes one password at a time, and lets two wait."""
    django_side.migrate()
    from django.contrib.auth.models import User
    from django.db import connection

    users = User.objects.filter(username__startswith="patient")
    User.objects.bulk_create(User(username=f"patient{number}", password=ENCODED) for number in range(LOGINS))
    try:
        settings = {"PASSWORD_HASH_THREADS": "1", "PASSWORD_HASH_QUEUE": "2"}
        limits = {"LOGIN_LIMIT_ACCOUNT": "None", "LOGIN_LIMIT_ADDRESS": "None"}
        with stack.worker(AUTHENTICATION="django", **settings, **limits) as (_, address):
            yield address
    finally:
        users.delete()
        connection.close()


@pytest.fixture
def login(stack, worker):
    """The parameters of a login with a wrong password."""
    with stack.fastcgi(worker) as connection:
        form = connection.exchange()
    secret = next(text for name, text in form.headers if name == "Set-Cookie" and text.startswith("csrftoken="))
    token = TOKEN.search(form.body.decode()).group(1)

    def fields(number):
        body = urlencode({"csrfmiddlewaretoken": token, "username": f"patient{number}", "password": "wrong"}).encode()
        return {"method": "POST", "path": "/myapp/login/", "body": body, "HTTP_COOKIE": secret.split(";")[0]}

    return fields


def test_beyond_the_queue_a_login_is_told_to_come_back_and_other_requests_are_served(stack, worker, login):
    with ExitStack() as connections:
        clients = [connections.enter_context(stack.fastcgi(worker, timeout=30)) for _ in range(LOGINS)]
        visitor = connections.enter_context(stack.fastcgi(worker))
        start = time.monotonic()
        assert visitor.exchange(**login(0)).status == 200
        hashing = time.monotonic() - start

        for number, client in enumerate(clients):
            client.send(compose(**login(number)))
        times = []
        while len(times) < 20:
            start = time.monotonic()
            assert visitor.exchange().status == 200
            times.append(time.monotonic() - start)
        answers = [client.receive() for client in clients]

    refused = [answer for answer in answers if answer.status == 503]
    assert sorted({answer.status for answer in answers}) == [200, 503]
    assert 3 <= len(answers) - len(refused) <= 5
    assert all(int(dict(answer.headers)["Retry-After"]) > 0 for answer in refused)
    assert median(times) < hashing / 4


def test_the_queue_is_free_again_when_its_logins_have_been_answered(stack, worker, login):
    for _ in range(2):
        with ExitStack() as connections:
            clients = [connections.enter_context(stack.fastcgi(worker, timeout=30)) for _ in range(3)]
            for number, client in enumerate(clients):
                client.send(compose(**login(number)))
            assert [client.receive().status for client in clients] == [200, 200, 200]
