"""The sites that the cases attack: one in each mode, on one database."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "EndToEnd")]

import django_side  # noqa: E402
import program as shared  # noqa: E402
import weaknesses  # noqa: E402
from accounts import AccountSite, Beside, known_account  # noqa: E402
from meddler import weaken  # noqa: E402
from program import program  # noqa: E402, F401
from stack import Stack  # noqa: E402
from website import Site  # noqa: E402


def pytest_addoption(parser):
    shared.pytest_addoption(parser)
    parser.addoption("--weakness", help="the name of a weakness that the site gets")


@pytest.fixture(scope="session")
def weakened(request):
    """Gives a stack the weakness that was asked for, if any was."""
    found = [kind for kind in weaknesses.WEAKNESSES if kind.__name__ == request.config.getoption("--weakness")]
    return lambda stack: weaken(stack, found[0]()) if found else None


@pytest.fixture(scope="session")
def stack(program, weakened):  # noqa: F811
    stack = Stack(program, AUTHENTICATION="any")
    try:
        stack.start()
        django_side.use(stack)
        weakened(stack)
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def demonstration(stack):
    return Site(stack)


@pytest.fixture(scope="session")
def accounts(stack, program, weakened):  # noqa: F811
    # Without limits: the cases together try many passwords. Those about guessing have workers of their own.
    limits = {"LOGIN_LIMIT_ACCOUNT": "None", "LOGIN_LIMIT_ADDRESS": "None"}
    beside = Beside(program, stack, AUTHENTICATION="django", **limits)
    try:
        django_side.migrate()
        # Some cases need them while the database is away.
        for name in ("alice", "bob"):
            known_account(name)
        beside.start()
        weakened(beside)
        yield AccountSite(beside)
    finally:
        beside.stop()


@pytest.fixture(params=["demonstration", "accounts"])
def site(request):
    """Each mode in turn."""
    site = request.getfixturevalue(request.param)
    yield site
    assert site.stack.is_well()


@pytest.fixture
def browser(site):
    return site.browser()


@pytest.fixture
def rows(stack):
    """How many sessions there are."""
    return lambda: stack.sql("SELECT count(*) FROM django_session")[0][0]
