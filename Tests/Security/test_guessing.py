"""Guessing passwords is slow, over all workers and however it is spread; and it locks nobody out."""

from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

import pytest
from accounts import PASSWORD, account
from website import LOGIN

SECRET = "b" * 32


class Guesser:
    """Logs in at workers of its own, from any address: they believe REMOTE_ADDR, as they believe nginx."""

    def __init__(self, *connections):
        self.connections = connections
        self.count = 0

    def login(self, username, password, address="192.0.2.1", **values):
        self.count += 1
        fields = {"csrfmiddlewaretoken": SECRET, "username": username, "password": password}
        connection = self.connections[self.count % len(self.connections)]
        values |= {"HTTP_COOKIE": f"csrftoken={SECRET}", "REMOTE_ADDR": address}
        answer = connection.exchange("POST", LOGIN, urlencode(fields).encode(), **values)
        assert (b"sessionid=" in answer.output) == (answer.status == 302), answer.status
        assert answer.status != 429 or int(dict(answer.headers)["Retry-After"]) > 0
        return answer.status

    def guess(self, times, username, address="192.0.2.1", **values):
        """Statuses of wrong guesses; names and addresses with a `%d` are another each time."""
        return [self.login(username.replace("%d", str(number)), "wrong", address.replace("%d", str(number)), **values)
                for number in range(times)]


@pytest.fixture
def guesser(stack, accounts):
    """Two workers, whose count must be one."""
    with workers(stack) as guesser:
        yield guesser


@contextmanager
def workers(stack, count=2, **settings):
    with ExitStack() as held:
        addresses = [held.enter_context(stack.worker(AUTHENTICATION="django", **settings))[1] for _ in range(count)]
        yield Guesser(*[held.enter_context(stack.fastcgi(address, 60)) for address in addresses])


def test_guessing_is_slowed(guesser):
    """Thirty guesses at one account from one address, over two workers: soon a 429, and then no password counts."""
    account("guessed-1")
    statuses = guesser.guess(30, "guessed-1")
    assert set(statuses) == {200, 429} and statuses[-1] == 429 and statuses.index(429) <= 20
    assert guesser.login("guessed-1", PASSWORD) == 429


def test_guessing_from_many_addresses_is_slowed(guesser):
    """A hundred addresses, one guess each: the account's own limit."""
    account("guessed-2")
    statuses = guesser.guess(100, "guessed-2", "198.51.100.%d")
    assert statuses[0] == 200 and statuses[-1] == 429


def test_guessing_at_many_accounts_is_slowed(guesser):
    """One address, a hundred accounts, known and unknown: the address's own limit. Another address is not concerned."""
    statuses = guesser.guess(100, "sprayed-%d", "203.0.113.1")
    assert statuses[0] == 200 and statuses[-1] == 429
    account("sprayed-other")
    assert guesser.login("sprayed-other", PASSWORD, "203.0.113.2") == 302


def test_known_address_is_not_locked_out(guesser):
    """An attacker elsewhere uses up an account's guesses; its user, where he logged in before, is let in."""
    account("guessed-3")
    assert guesser.login("guessed-3", PASSWORD, "10.1.1.1") == 302
    statuses = guesser.guess(100, "guessed-3", "198.51.100.%d")
    assert statuses[-1] == 429
    assert guesser.login("guessed-3", PASSWORD, "10.1.1.1") == 302


def test_guessing_by_other_spellings_is_slowed(guesser):
    """Spellings that Django takes for the same account count as one: white space around it, forms that NFKC joins."""
    account("guessed-4")
    spellings = ["guessed-4", " guessed-4", "guessed-4 ", "\uff47uessed-4", "guesse\uff44-4", "\u3000guessed-4",
                 "guessed-\u2074"]
    statuses = [guesser.login(spellings[number % 7], "wrong", f"198.51.100.{number}") for number in range(100)]
    assert statuses[-7:] == [429] * 7


def test_guessing_in_one_network_is_slowed(guesser):
    """Who has an IPv6 address has 2^64 of them: they count as one."""
    statuses = guesser.guess(100, "network-%d", "2001:db8:1:2::%d")
    assert statuses[-1] == 429


def test_forwarded_address_is_not_believed(guesser):
    """The address that counts is the connection's, not a header's."""
    for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_CLIENT_IP", "HTTP_FORWARDED", "HTTP_TRUE_CLIENT_IP"):
        statuses = [guesser.login(f"{name}-{number}", "wrong", f"203.0.113.{100 + len(name)}",
                                  **{name: f"10.2.3.{number}"})
                    for number in range(60)]
        assert statuses[-1] == 429, name
