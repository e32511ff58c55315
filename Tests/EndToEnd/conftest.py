"""The stack that the tests share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import django_side  # noqa: E402
from program import program, pytest_addoption  # noqa: E402, F401
from stack import Stack  # noqa: E402


@pytest.fixture(scope="session")
def stack(program):  # noqa: F811
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
