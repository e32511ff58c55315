"""The stack that the tests share, and where the program lies."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import django_side  # noqa: E402
from stack import ROOT, Stack  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--program", default=os.environ.get("SESSIOND_PROGRAM", str(ROOT / ".build/release/sessiond")))


@pytest.fixture(scope="session")
def program(request):
    path = Path(request.config.getoption("--program"))
    assert path.is_file(), f"{path} is missing; build it with: swift build -c release --product sessiond"
    return path


@pytest.fixture(scope="session")
def stack(program):
    """nginx, two workers and PostgreSQL. A test that changes them puts them back."""
    stack = Stack(program)
    try:
        stack.start()
        django_side.use(stack)
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def browser(stack):
    return stack.browser()
