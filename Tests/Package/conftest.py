"""The package that the tests are about, and the machine that it is installed in."""

import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "EndToEnd")]

from machine import STORE, Machine, root_for, run  # noqa: E402
from stack import ROOT  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--program", default=str(ROOT / ".build/release/sessiond"))
    parser.addoption("--requests", type=int, default=20_000, help="how many a rolling restart must not lose one of")


@pytest.fixture(scope="session")
def program(request):
    return Path(request.config.getoption("--program")).resolve()


def build(program, *arguments):
    words = ["--binary", program, "--output", STORE, *arguments]
    return Path(run(ROOT / "deploy/package", *words).stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def package(program):
    return build(program)


@pytest.fixture(scope="session")
def newer_package(program):
    return build(program, "--version", "0.1.0+next")


@pytest.fixture
def requests(request):
    return request.config.getoption("--requests")


@pytest.fixture(scope="module")
def machine(package):
    if os.getuid() != 0:
        pytest.skip("only root can boot a machine")
    machine = Machine(root_for(package))
    try:
        yield machine.boot()
    finally:
        machine.remove()
